"""Files of the index that are gone: pages answer from what was read before and say so, and the worker builds it anew."""

from __future__ import annotations

import shutil

import pytest

from marketplace.access import VISITOR
from marketplace.db import session
from marketplace.matching import mending, operations
from marketplace.vitals import health
from tests import factories
from tests.inspection import playing


@pytest.fixture
def index(app, tmp_path, monkeypatch):
    """An index of this test alone, with two technologies."""
    operations.index.cache_clear()
    found = operations.index()
    monkeypatch.setattr(found, "folder", tmp_path / "index")
    for text in ("微细电解去毛刺", "水稻抗倒伏育种"):
        factories.technology(title={"zh": text}, abstract={"zh": f"{text}的方法。"})
    session.commit()
    with playing():
        operations.reindex()
    assert found.count() == 2
    yield found
    operations.index.cache_clear()


def mend():
    """What the worker does once a minute."""
    with playing():
        for _pause in mending.mend():
            pass


@pytest.mark.parametrize("what", ["", "CURRENT", "*/words"])
def test_what_was_read_before_answers_until_it_is_built_anew(index, client, what):
    for one in index.folder.glob(what) if what else [index.folder]:
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    index.folder.mkdir(exist_ok=True)
    page = client.get("/en/technologies")
    assert page.status_code == 200 and "The search is being restored" in page.text
    assert [hit.key for hit in operations.rank_technologies("去毛刺", VISITOR, limit=1)]
    assert not health._index().well and "gone" in health._index().words
    mend()
    assert index.count() == 2 and health._index().well
    assert "The search is being restored" not in client.get("/en/technologies").text


def test_one_document_alone_does_not_make_an_index(index):
    shutil.rmtree(index.folder)
    index.folder.mkdir()
    third = factories.technology(title={"zh": "泵壳防冰涂层"}, abstract={"zh": "不加热而不结冰。"})
    session.commit()
    with playing():
        for _pause in operations.index_technology(third.id):
            pass
    assert index.count() == 3 and index.opens()


def test_a_file_that_is_damaged_is_found_by_opening(index):
    meta = next(index.folder.glob("*/words/meta.json"))
    meta.write_text("{}")
    assert not index.is_lost and not index.opens()
    mend()
    assert index.opens() and index.count() == 2
