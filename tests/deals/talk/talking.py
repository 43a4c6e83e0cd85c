"""A deal whose sides have been introduced, with everybody who may take part, and the mails that answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage

from marketplace.db import now, session
from marketplace.deals.models import Deal, Party
from marketplace.deals.talk import addresses
from marketplace.people.models import Person
from tests import factories

LATER = timedelta(days=7)


@dataclass
class Talking:
    """The deal and the people of its sides, each with its party: `firm` reads English, the others Chinese; `second` is the firm's other party."""

    deal: Deal
    broker: Person
    firm: Person
    second: Person
    holder: Person
    guest: Person

    def party(self, person: Person) -> Party:
        """The newest party of the person."""
        return [one for one in self.deal.parties if one.person_id == person.id][-1]

    def everybody(self) -> list[Person]:
        """All who take part."""
        return [self.broker, self.firm, self.second, self.holder, self.guest]


def talking(stage: str = "introduced") -> Talking:
    """A deal in a stage with a broker, two people of the firm, one of the holder, and a guest. Its moments lie about the present."""
    firm, holder, broker = factories.person(language="en", name="Kim"), factories.person(name="何工"), factories.broker(name="白经理")
    pair = factories.match(
        factories.need(factories.organisation(firm)), factories.technology(factories.organisation(holder, kind="institute")))
    deal = factories.deal(pair, broker, stage, since=now(), created=now())
    second, guest = factories.person(name="宋工"), factories.person(name="郭工")
    for side, person in (("firm", second), ("guest", guest)):
        session.add(Party(deal=deal, side=side, person=person, address_key=person.address_key, state="active", created=now()))
    session.flush()
    session.expire(deal, ["parties"])
    return Talking(deal, broker, firm, second, holder, guest)


@contextmanager
def answered_at(replies: str | None = "reply@answers.example.org") -> Iterator[None]:
    """The site takes answers by mail at this address, or takes none."""
    before = addresses._site[0]
    addresses._site[:] = [replace(before, replies=replies)]
    try:
        yield
    finally:
        addresses._site[:] = [before]


def answer_from(person: Person, to: str, text: str, **headers: str) -> EmailMessage:
    """A mail as somebody's programme would send it in answer."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{person.name} <{person.address}>", to, "Re: 交易"
    mail["Message-ID"] = f"<{abs(hash((text, to, person.id)))}@client.example>"
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail
