"""Ready-made payment terms to begin with, by code: plain figures in the shape of terms.md that anybody will change."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "milestones_and_royalty": {
        "currency": "CNY",
        "milestones": [{"id": "小试 / pilot", "amount": "80000"}, {"id": "量产 / production", "amount": "200000"}],
        "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.03"}]},
        "cap_total": "800000",
    },
    "deferral": {
        "currency": "CNY",
        "deferred": [{"id": "1", "amount": "120000", "months": 12, "first_revenue": True, "which": "earlier"}],
    },
    "trial_then_pay": {
        "currency": "CNY",
        "trial": {"months": 6},
        "conversion": {"price": "200000", "window_days": 30, "silence": "lapse"},
    },
    "upfront": {"currency": "CNY", "entry_fee": "100000"},
    "open_licence": {
        "currency": "CNY",
        "royalty": {"base": "net_sales", "period": "year", "tiers": [{"upto": None, "rate": "0.02"}]},
        "cap_total": "300000",
    },
}
