"""The pages of pools, by the buttons that each actor sees, in both languages; and that no figure of a single pledge leaves them."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import event, select

from marketplace.calls.pools import operations
from marketplace.calls.pools.models import Motion, Pledge, Pool, PoolNeed
from marketplace.db import now, session
from tests import factories
from tests.calls.pools.test_pools import DAY, TEN_THOUSAND, firm, owner
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(params=["zh", "en"])
def lang(request):
    return request.param


def texts(**values):
    return {"title_zh": "共同攻关去毛刺", "title_en": "Deburring together", "brief_zh": "都在为去毛刺发愁。", "brief_en": "All of us lose days on burrs.",
            "rights": ["own_use", "licence_income"], **values}


def wanted(house, **values):
    day = (now() + 20 * DAY).date().isoformat()
    return texts(organisation=house.public_id, threshold="100万", least="1万", currency="CNY", day=day, clock="18:00", zone="Asia/Shanghai",
                 basis="proportional", visibility="public", **values)


def promise(house, amount, **values):
    return {"organisation": house.public_id, "amount": amount, "currency": "CNY", "revision": "1", **values}


def test_from_a_need_to_a_confirmed_call_by_buttons(client, lang):
    lead, second = firm(), firm()
    need = factories.need(lead)
    client.login(owner(lead))
    assert f"/pools/new?need={need.public_id}" in client.get(f"/{lang}/needs/{need.public_id}").get_data(as_text=True)
    assert "去毛刺太慢" in client.get(f"/{lang}/pools/new?need={need.public_id}").get_data(as_text=True)
    for wrong in ({"threshold": "soon"}, {"title_zh": "", "title_en": ""}, {"rights": []}, {"zone": "", "other_zone": "Moon/Base"}, {"least": "200万"}):
        assert client.post(f"/{lang}/pools/new", data=wanted(lead) | wrong).status_code == 422, wrong
    assert client.post(f"/{lang}/pools/new?need={need.public_id}", data=wanted(lead)).status_code == 303
    pool = session.scalars(select(Pool)).one()
    address = f"/{lang}/pools/{pool.public_id}"
    assert (pool.threshold, pool.least, pool.needs[0].need_id) == (100 * TEN_THOUSAND, TEN_THOUSAND, need.id)
    assert client.get(f"{address}/edit").status_code == 200
    client.login(owner(second))
    assert client.get(address).status_code == 404
    client.login(owner(lead))
    assert client.post(f"{address}/open").status_code == 303
    assert client.get(f"{address}/pledge").status_code == 200
    for wrong in ({"amount": "1000"}, {"currency": "USD"}, {"revision": "9"}, {"amount": "five"}):
        assert client.post(f"{address}/pledge", data=promise(lead, "60万") | wrong).status_code == 422, wrong
    assert client.post(f"{address}/pledge", data=promise(lead, "60万")).status_code == 303
    assert client.post(f"{address}/edit", data=texts(brief_zh="还要自动上下料。")).status_code == 303
    client.login(owner(second))
    assert client.post(f"{address}/pledge", data=promise(second, "40万", revision="2")).status_code == 303
    session.refresh(pool)
    assert pool.state == "open"
    client.login(owner(lead))
    assert client.post(f"{address}/pledge", data=promise(lead, "60万", revision="2")).status_code == 303
    page = client.get(address).get_data(as_text=True)
    assert second.called(lang) in page and "40" in page and client.get(f"{address}/results").status_code == 200
    assert client.post(f"{address}/convert").status_code == 303
    assert f"/open-calls/{pool.call.public_id}/edit" in client.get(f"{address}/call").get_data(as_text=True), "the way to complete the draft"
    assert client.post(f"{address}/call", data={"organisation": lead.public_id, "digest": "7"}).status_code == 422
    assert client.post(f"{address}/call/ask").status_code == 303
    for house in (lead, second):
        client.login(owner(house))
        read = re.search(r'name="digest"[^>]*value="(\w+)"', client.get(f"{address}/call").get_data(as_text=True))[1]
        assert client.post(f"{address}/call", data={"organisation": house.public_id, "digest": read}).status_code == 303
    assert "60%" in client.get(f"{address}/results").get_data(as_text=True)
    for stranger in (owner(firm()), factories.operator(), factories.broker()):
        client.login(stranger)
        for hidden in ("call", "results"):
            assert client.get(f"{address}/{hidden}").status_code == 404


def test_leaving_and_voting_by_pages(client, lang):
    pool = factories.pool(None, 50 * TEN_THOUSAND, 30 * TEN_THOUSAND, at=now())
    address, houses = f"/{lang}/pools/{pool.public_id}", [one.organisation for one in pool.pledges]
    client.login(owner(houses[1]))
    leaving = f"{address}/pledges/{pool.pledges[1].public_id}/withdraw"
    assert client.get(leaving).status_code == 200 and client.post(leaving).status_code == 303
    assert client.get(leaving).status_code == 404
    assert client.post(f"{address}/pledge", data=promise(houses[1], "50万")).status_code == 303
    held = session.scalars(select(Pledge).where(Pledge.organisation_id == houses[1].id, Pledge.state == "pledged")).one()
    leaving = f"{address}/pledges/{held.public_id}/withdraw"
    assert client.get(leaving).status_code == 200
    for wrong in ({}, {"how": "reason", "reason": ""}, {"how": "reason", "reason": "other", "text": ""}):
        assert client.post(leaving, data=wrong).status_code == 422, wrong
    assert client.post(leaving, data={"how": "consent", "text": "资金紧张"}).status_code == 303
    assert client.post(leaving, data={"how": "consent"}).status_code == 422
    motion = session.scalars(select(Motion)).one()
    client.login(owner(houses[0]))
    vote = f"{address}/votes/{motion.public_id}"
    assert "资金紧张" in client.get(vote).get_data(as_text=True) and vote in client.get(address).get_data(as_text=True)
    assert client.post(vote, data={"organisation": houses[0].public_id}).status_code == 422
    assert client.post(vote, data={"organisation": houses[0].public_id, "choice": "no"}).status_code == 303
    assert client.get(f"{address}/votes/new").status_code == 200 and client.post(f"{address}/votes/new", data={"text": "", "days": "7"}).status_code == 422
    assert client.post(f"{address}/votes/new", data={"text": "先做哪一种？", "days": "7"}).status_code == 303
    assert client.get(f"{address}/votes/text").status_code == 200
    assert client.post(f"{address}/votes/text", data=texts(days="1")).status_code == 422
    assert client.post(f"{address}/votes/text", data=texts(days="7")).status_code == 303
    late = firm()
    client.login(owner(late))
    assert client.get(vote).status_code == 404
    assert client.get(f"{address}/pledge").status_code == 200
    assert client.post(f"{address}/pledge", data=promise(late, "10万")).status_code == 303
    assert client.post(leaving, data={"how": "reason", "reason": "law"}).status_code == 404
    client.login(owner(houses[1]))
    assert client.post(leaving, data={"how": "reason", "reason": "law", "text": "主管部门叫停"}).status_code == 303
    work()
    client.login(owner(houses[0]))
    assert client.get(address).status_code == 200 and client.get(f"/{lang}/pools/mine").status_code == 200


def public_pages(client, pool, lang):
    """What everybody is shown of a pool, on its page, in the list and for machines."""
    page, listed = (
        client.get(f"/{lang}/{path}").get_data(as_text=True) for path in (f"pools/{pool.public_id}", "pools")
    )
    return page, listed, json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])


def test_under_three_pledges_no_page_says_a_figure(client, lang):
    pool = factories.pool(None, at=now())
    empty = public_pages(client, pool, lang)
    factories.pledge(pool, pool.organisation, 47 * TEN_THOUSAND)
    factories.pledge(pool, None, 3_333_333)
    session.commit()
    assert public_pages(client, pool, lang) == empty and not any("<progress" in page for page in empty[:2]), "no bar, for nought per cent would be a figure"
    assert [grant["name"] for grant in empty[2]["funding"]] == ["threshold"]


def test_sums_go_in_steps_and_neighbouring_ones_look_alike(client, lang):
    pool = factories.pool(None, 30 * TEN_THOUSAND, 15 * TEN_THOUSAND, 20 * TEN_THOUSAND, at=now())
    before = public_pages(client, pool, lang)
    pool.pledges[2].amount += 49_999
    session.commit()
    assert public_pages(client, pool, lang) == before
    assert [grant["amount"]["value"] for grant in before[2]["funding"]] == ["1000000.00", "600000.00"]
    amounts = [re.sub(r"<select.*?</select>|[,，\s]", "", text, flags=re.S) for text in before[:2]]  # regions have numbers, too
    assert all("600000" in text and not any(figure in text for figure in ("650000", "300000", "150000", "200000")) for text in amounts)
    heard = {"zh": "不低于 60%", "en": "at least 60 per cent"}[lang]
    assert all('value="60"' in page and f'aria-valuetext="{heard}"' in page for page in before[:2])


def test_a_name_is_told_where_its_firm_allows_it_and_nobody_reads_anothers_pledge_before_the_threshold(client, lang):
    pool = factories.pool(None, 30 * TEN_THOUSAND, at=now())
    told, hidden = (factories.organisation(factories.person(), name={"zh": name, "en": name}) for name in ("Openworks", "Hiddenworks"))
    factories.pledge(pool, told, 15 * TEN_THOUSAND, named=True)
    factories.pledge(pool, hidden, 20 * TEN_THOUSAND)
    for who in (None, owner(firm()), owner(pool.organisation), owner(told), factories.operator(), factories.broker()):
        if who is None:
            client.logout()
        else:
            client.login(who)
        page = client.get(f"/{lang}/pools/{pool.public_id}").get_data(as_text=True)
        assert "Openworks" in page and "Hiddenworks" not in page and "200,000" not in page, who


def test_the_list_is_filtered_and_turned_by_key(client, lang, monkeypatch):
    pools = [factories.pool(None, title={"zh": f"众筹项目{n}", "en": f"Pool number {n}"}, at=now(), deadline=now() + (n + 1) * DAY) for n in range(3)]
    factories.pool(None, state="missed", ended=now(), title={"zh": "没成的", "en": "The missed one"})
    factories.pool(None, visibility="members", at=now(), title={"zh": "会员可见", "en": "Members only"})
    monkeypatch.setattr("marketplace.calls.pools.views.PAGE", 2)
    shown = client.get(f"/{lang}/pools?state=open").get_data(as_text=True)
    linked = [f"/{lang}/pools/{pool.public_id}" for pool in pools]
    assert [link in shown for link in linked] == [True, True, False] and f"after={pools[1].public_id}" in shown
    rest = client.get(f"/{lang}/pools?state=open&after={pools[1].public_id}").get_data(as_text=True)
    assert [link in rest for link in linked] == [False, False, True]
    for query, found in (("state=missed", True), ("state=reached", False), ("state=draft", False)):
        assert (("没成的" if lang == "zh" else "The missed one") in client.get(f"/{lang}/pools?{query}").get_data(as_text=True)) is found, query
    assert ("会员可见" in shown or "Members only" in shown) is False
    client.login(owner(firm()))
    assert any(name in client.get(f"/{lang}/pools?sort=newest").get_data(as_text=True) for name in ("会员可见", "Members only"))


def test_the_list_asks_the_same_number_of_questions_for_many_as_for_few(client, app):
    def asked():
        seen = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731 - one line
        event.listen(app.extensions["engine"], "before_cursor_execute", listen)
        client.get("/zh/pools")
        event.remove(app.extensions["engine"], "before_cursor_execute", listen)
        return len(seen)

    factories.pool(None, 5 * TEN_THOUSAND, 6 * TEN_THOUSAND)
    few = asked()
    for _ in range(6):
        factories.pool(None, 5 * TEN_THOUSAND, 6 * TEN_THOUSAND)
    assert asked() == few


def test_a_pool_of_a_blind_need_says_nothing_of_it(client, lang):
    lead = firm()
    blind = factories.need(lead, visibility="blind", teaser={"zh": "某种零件"}, title={"zh": "机密题目"}, problem={"zh": "机密正文"})
    client.login(owner(lead))
    assert "机密" not in client.get(f"/{lang}/pools/new?need={blind.public_id}").get_data(as_text=True).split("<form")[1]
    pool = factories.pool(lead, at=now())
    operations_pool = session.get_one(Pool, pool.id)
    session.add(PoolNeed(pool=operations_pool, need=blind))
    session.commit()
    assert operations.needs_shown(owner(lead), operations_pool) == [blind]
    client.logout()
    page = client.get(f"/{lang}/pools/{pool.public_id}").get_data(as_text=True)
    assert "机密" not in page and "某种零件" not in page and blind.public_id not in page
