"""An index of each test's own, and a few listings in it: public ones, one for members only, a draft and a withdrawn one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from marketplace.matching import operations
from tests import factories as make
from tests.inspection import playing

NASTY = "</script><script>alert(1)</script> & \"quoted\" 'so' \x0b\u2028"


@pytest.fixture(autouse=True)
def fresh_index(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An index of this test alone, without encoders."""
    operations.index.cache_clear()
    found = operations.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    operations.index.cache_clear()


@pytest.fixture
def indexed(session: Any) -> Callable[[], None]:
    """Call it when the listings of the test are made."""

    def build() -> None:
        session.commit()
        with playing():
            operations.reindex()

    return build


@pytest.fixture
def catalogue(session: Any, indexed: Callable[[], None]) -> SimpleNamespace:
    """Listings of every standing, in the index where they belong there."""
    hours = iter(range(1, 100))

    def later() -> dict[str, Any]:
        moment = make.NOW + timedelta(hours=next(hours))
        return {"published": moment, "updated": moment}

    found = SimpleNamespace(
        plain=make.technology(title={"zh": "激光去毛刺装置", "en": "Laser deburring device"}, publication_number="CN107345678B", **later()),
        nasty=make.technology(title={"zh": f"激光{NASTY}", "en": f"Laser {NASTY}"}, field="optics", **later()),
        other=make.technology(title={"zh": "低温染整助剂", "en": "Dyeing aid"}, field="textiles", trl=3, **later()),
        members=make.technology(title={"zh": "激光内部装置", "en": "Laser for members"}, visibility="members", **later()),
        draft=make.technology(title={"zh": "激光草稿", "en": "Laser draft"}, state="draft", published=None),
        withdrawn=make.technology(title={"zh": "激光撤回", "en": "Laser withdrawn"}, state="withdrawn", **later()),
        need=make.need(title={"zh": "激光焊缝气孔", "en": "Pores in laser welds"}, budget_min=10_000_000, budget_max=50_000_000, **later()),
        call=make.open_call(title={"zh": "揭榜攻关焊接", "en": "Open call on welding"}, industry="C33", **later()),
        members_call=make.open_call(title={"zh": "激光内部榜题", "en": "A call for members"}, visibility="members", **later()),
        draft_call=make.open_call(title={"zh": "榜题草稿", "en": "A draft call"}, state="draft"),
        members_need=make.need(title={"zh": "激光内部需求", "en": "A need for members"}, visibility="members", **later()),
    )
    indexed()
    return found
