"""The words of the codes of talk, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

AUDIENCE_WORDS = {
    "all": _l("all parties"), "firm_broker": _l("firm and technology manager"), "holder_broker": _l("institute and technology manager"),
    "firm": _l("the firm's own side only"), "holder": _l("the institute's own side only"), "broker": _l("the technology manager alone"),
}
OWN = ("firm", "holder", "broker")
"""The audiences of one side alone, which pages mark."""

TASK_WORDS = {"open": _l("to be done"), "done": _l("done"), "dropped": _l("dropped")}
ANSWER_WORDS = {"asked": _l("has not answered"), "yes": _l("comes"), "no": _l("does not come"), "maybe": _l("comes perhaps")}
ANSWERING = {"yes": _l("I come"), "maybe": _l("Perhaps"), "no": _l("I cannot come")}
