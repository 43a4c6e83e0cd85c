"""Messages: who hears them, once, by mail in each reader's language; answers by mail and what is refused; what waits for an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.models import Entry
from marketplace.deals.operations import step
from marketplace.deals.talk import addresses, operations, tasks
from marketplace.deals.talk.audience import choices, hearers
from marketplace.deals.talk.models import Message, ReceivedMail
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.record import move
from tests.deals.talk.talking import answer_from, answered_at, talking
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def mails():
    return list(session.scalars(select(Mail).order_by(Mail.id)))


def test_a_message_reaches_each_reader_once_in_his_language():
    there = talking()
    with answered_at():
        operations.post_message(there.firm, there.deal, "all", "周五前请寄样品。", "k")
        operations.post_message(there.firm, there.deal, "all", "周五前请寄样品。", "k")  # the same form sent twice
        work()
    assert len(list(session.scalars(select(Message)))) == 1
    sent = mails()
    assert sorted(mail.address for mail in sent) == sorted(one.address for one in there.everybody() if one is not there.firm)
    assert all("周五前请寄样品。" in mail.body and mail.language == "zh" and "请在本行以上" in mail.body for mail in sent)
    assert len({mail.reply_to for mail in sent}) == 4 and all(mail.reply_to.endswith("@answers.example.org") for mail in sent)
    with answered_at(None):
        operations.post_message(there.holder, there.deal, "all", "好的", "k2")
        work()
    english = next(mail for mail in mails()[4:] if mail.address == there.firm.address)
    assert english.language == "en" and "reach nobody" in english.body and english.reply_to is None


@pytest.mark.parametrize(("audience", "hearing"), [
    ("firm_broker", ("broker", "firm", "second")), ("holder_broker", ("broker", "holder")), ("firm", ("firm", "second")), ("broker", ("broker",)),
])
def test_an_audience_is_heard_by_its_sides_alone(audience, hearing):
    there = talking()
    writer = getattr(there, hearing[-1])
    made = operations.post_message(writer, there.deal, audience, "只给这些人", "k")
    work()
    assert {mail.address for mail in mails()} == {getattr(there, name).address for name in hearing} - {writer.address}
    for person in there.everybody():
        if person in [getattr(there, name) for name in hearing]:
            assert operations.thread(person, there.deal, audience, 1, 9) == [made]
        else:
            assert operations.newest_messages(person, there.deal) == [] and operations.threads(person, there.deal) == {}
            with pytest.raises(NotFound):
                operations.thread(person, there.deal, audience, 1, 9)
            with pytest.raises(Refused):
                operations.post_message(person, there.deal, audience, "我也要说", "k2")
    sides = {entry.side for entry in session.scalars(select(Entry).where(Entry.kind == "message"))}
    assert sides == set({"firm_broker": ("firm", "broker"), "holder_broker": ("holder", "broker")}.get(audience, (audience,)))


def test_before_the_introduction_the_sides_are_kept_apart():
    there = talking("qualified")
    assert choices(there.firm, there.deal, now()) == ["firm_broker", "firm"]
    assert choices(there.broker, there.deal, now()) == ["firm_broker", "holder_broker", "broker"]
    assert choices(there.guest, there.deal, now()) == []
    with pytest.raises(Refused, match="introduced"):
        operations.post_message(there.firm, there.deal, "all", "你好", "k")
    there.deal.state, there.deal.introduced = "introduced", now()
    assert choices(there.guest, there.deal, now()) == ["all"]


def test_a_deal_that_ended_can_be_talked_about_for_ninety_days():
    there = talking()
    there.deal.lost_code = "price"
    step(there.broker, there.deal, "lose")
    session.flush()
    assert choices(there.firm, there.deal, now()) == ["all", "firm_broker", "firm"]  # it had come as far as the introduction
    operations.post_message(there.firm, there.deal, "firm_broker", "可惜", "k", now() + timedelta(days=89))
    with pytest.raises(Refused, match="90 days"):
        operations.post_message(there.firm, there.deal, "firm_broker", "再谈", "k2", now() + timedelta(days=91))


def test_strangers_and_removed_parties_say_and_hear_nothing():
    there = talking()
    operations.post_message(there.firm, there.deal, "all", "样品", "k")
    move(there.party(there.holder), "remove", SYSTEM)
    session.flush()
    work()
    assert there.holder.address not in {mail.address for mail in mails() if mail.template != "party_removed"}
    for person in (there.guest,):
        assert operations.newest_messages(person, there.deal)
    removed = there.guest
    move(there.party(removed), "remove", SYSTEM)
    for action in (operations.newest_messages, operations.unread, operations.threads):
        with pytest.raises(NotAllowed):
            action(removed, there.deal)
    with pytest.raises(NotAllowed):
        operations.post_message(removed, there.deal, "all", "还在", "k3")


def test_nothing_can_be_given_to_a_party_that_was_removed():
    there = talking()
    public_id = there.party(there.guest).public_id
    move(there.party(there.guest), "remove", SYSTEM)
    session.flush()
    assert there.guest.id not in [party.person_id for party in hearers(there.deal, "all")]
    with pytest.raises(Refused) as refused:
        tasks.set_task(there.broker, there.deal, "all", "寄样品", tasks.day_of(now()), public_id, "k")
    assert refused.value.field == "party"


def test_what_others_wrote_is_unread_until_it_is_marked_or_answered():
    there = talking()
    operations.post_message(there.firm, there.deal, "all", "一", "1")
    last = operations.post_message(there.firm, there.deal, "firm_broker", "二", "2")
    session.flush()
    assert operations.unread(there.broker, there.deal) == {"all": 1, "firm_broker": 1}
    assert operations.unread(there.holder, there.deal) == {"all": 1} and operations.unread(there.firm, there.deal) == {}
    operations.mark_read(there.broker, there.deal, "firm_broker", last.id)
    operations.post_message(there.broker, there.deal, "all", "收到", "3")
    session.flush()
    assert operations.unread(there.broker, there.deal) == {} and operations.unread(there.second, there.deal) == {"all": 2, "firm_broker": 1}
    with pytest.raises(NotFound):
        operations.mark_read(there.holder, there.deal, "firm_broker", last.id)


def test_replies_that_wait_for_the_broker():
    there, other = talking(), talking()
    first = operations.post_message(there.firm, there.deal, "firm_broker", "何时能试？", "1")
    second = operations.post_message(there.holder, there.deal, "holder_broker", "报价见附件", "2")
    operations.post_message(other.firm, other.deal, "firm", "内部", "3")
    session.flush()
    assert operations.replies_waiting(there.broker) == [first, second] and operations.replies_waiting(other.broker) == []
    operations.post_message(there.broker, there.deal, "firm_broker", "周五", "4")
    operations.mark_read(there.broker, there.deal, "holder_broker", second.id)
    session.flush()
    assert operations.replies_waiting(there.broker) == []
    third = operations.post_message(there.second, there.deal, "firm_broker", "不行", "5")
    session.flush()
    assert operations.replies_waiting(there.broker) == [third] and operations.replies_waiting(there.firm) == []


def posted(there):
    """A message of the firm to all, mailed; the mail that the holder got."""
    operations.post_message(there.firm, there.deal, "all", "周五前请寄样品。", "k")
    work()
    return next(mail for mail in mails() if mail.address == there.holder.address)


def test_an_answer_by_mail_comes_back_into_its_thread_once():
    there = talking()
    with answered_at():
        mail = posted(there)
        quoted = "\n".join(f"> {line}" for line in mail.body.splitlines())
        text = f"好的，周四寄出。\n\n何工\n\n在 2026年11月2日 周一 17:03，TechBridge <mail@example.com> 写道：\n\n{quoted}\n"
        answer = answer_from(there.holder, mail.reply_to.upper(), text).as_bytes()
        assert operations.receive(answer) == operations.Received("posted")
        session.flush()
        assert operations.receive(answer).outcome == "duplicate"
        work()
        made = session.scalars(select(Message).where(Message.via == "mail")).one()
        assert (made.text, made.audience, made.person_id) == ("好的，周四寄出。\n\n何工", "all", there.holder.id)
        back = next(mail for mail in mails() if mail.address == there.firm.address)
        assert "好的，周四寄出。" in back.body and back.answers is None  # the firm's own message was never mailed to it
        operations.post_message(there.firm, there.deal, "all", "谢谢", "k4")
        work()
    again = [mail for mail in mails() if mail.address == there.holder.address][-1]
    assert again.answers.endswith("@client.example>")  # threads with what the holder sent last


REFUSALS = {
    "another address": "another address", "a programme": "programme", "no text": "No text", "a made up token": "not valid", "removed": "takes no part",
    "too large": "larger",
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_posts_nothing_and_says_why(case):
    there = talking()
    with answered_at():
        mail = posted(there)
        to, who, text, headers = mail.reply_to, there.holder, "好", {}
        if case == "another address":
            who = there.guest
        elif case == "a programme":
            headers = {"Auto_Submitted": "auto-replied"}
        elif case == "no text":
            text = "\n> 周五前请寄样品。\n"
        elif case == "a made up token":
            to = to.replace("@", "x@") if not to.split("@")[0].endswith("a") else to.replace("a@", "b@")
        elif case == "removed":
            move(there.party(there.holder), "remove", SYSTEM)
            session.flush()
        raw = answer_from(who, to, text, **headers).as_bytes()
        raw += b"\n" + b"x" * (26 * 1024 * 1024) if case == "too large" else b""
        found = operations.receive(raw)
        assert found.outcome == "refused" and REFUSALS[case] in found.reason
        session.flush()
        before = len(mails())
        work()
    assert not list(session.scalars(select(Message).where(Message.via == "mail")))
    told = [mail for mail in mails()[before:] if mail.template != "party_removed"]
    if case in ("another address", "no text", "too large"):
        assert [mail.address for mail in told] == [there.holder.address] and "没有被接收" in told[0].subject
    else:
        assert told == []
    assert session.scalars(select(ReceivedMail)).one().outcome == "refused"


@pytest.mark.parametrize("name", ["To", "Cc", "Delivered_To", "X_Original_To"])
def test_the_reply_address_is_found_wherever_a_server_puts_it(name):
    there = talking()
    with answered_at():
        mail = posted(there)
        raw = answer_from(there.holder, "somebody@example.com", "好", **{name: mail.reply_to}).as_bytes()
        assert operations.receive(raw).outcome == "posted"


def test_what_is_not_ours_is_handed_on():
    there = talking()
    with answered_at():
        mail = posted(there)
        bounce = answer_from(there.holder, mail.reply_to, "x")
        bounce.replace_header("Content-Type", "multipart/report; report-type=delivery-status; boundary=b")
        assert operations.receive(bounce.as_bytes()).outcome == "not_ours"
        assert operations.receive(answer_from(there.holder, "reply@answers.example.org", "x").as_bytes()).outcome == "not_ours"
    assert operations.receive(answer_from(there.holder, mail.reply_to, "x").as_bytes()).outcome == "not_ours"  # no reply by mail here


def test_a_token_is_bound_to_party_and_audience():
    with answered_at():
        token = addresses.token_in([addresses.reply_address("abcdefghjkmn", "firm")])
        assert addresses.read(token) == addresses.Token("abcdefghjkmn", "firm")
        for place in range(len(token)):
            changed = token[:place] + ("3" if token[place] != "3" else "4") + token[place + 1 :]
            assert addresses.read(changed) is None
        assert addresses.read(token[:-1]) is None and addresses.read("é" * 29) is None
        assert len(f"reply+{token}") <= 64
