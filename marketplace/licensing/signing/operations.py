"""The verbs of signing: ask for a code, sign with it; the second side's signature makes the agreement.

A wrong code is not refused by an error, because a request that is refused leaves no trace and the tries must be counted:
`sign` gives the signature back unsigned instead. Everything from the code to the schedule is one transaction: all or nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.licensing import ledger, text
from marketplace.licensing.duties.operations import refuse_before_end
from marketplace.licensing.models import SIGNERS, Agreement, AgreementEvent, Obligation, Signature, Standing
from marketplace.licensing.operations import LATE, facts_of, findings, other, own_sides, text_of
from marketplace.licensing.performing.queue import EXCLUSIVE, IN_FORCE
from marketplace.licensing.performing.triers import triers_of
from marketplace.licensing.signing import codes
from marketplace.licensing.signing.models import Paper, SignedText
from marketplace.people.models import Membership
from marketplace.record import Event, move, record
from marketplace.terms.payment import parse

VALID = timedelta(minutes=10)
PAUSE = timedelta(seconds=30)
TRIES = 5
CODES_AN_HOUR = 6
CERTIFICATE = "non_use_certificate"


def may_sign_for(actor: Actor, agreement: Agreement, side: str) -> bool:
    """Whether the actor signs for the side: its signatory, or an owner where the organisation has named no signatory."""
    organisation = agreement.sides.get(side)
    role = actor.seats.get(organisation or 0)
    if organisation is None or f"{side}_{role}" not in SIGNERS:
        return False
    return role == "signatory" or not _has_signatory(organisation)


def _has_signatory(organisation_id: int) -> bool:
    named = select(Membership.id).where(Membership.organisation_id == organisation_id, Membership.role == "signatory")
    return session.scalar(named.limit(1)) is not None


def text_to_sign(agreement: Agreement, of: str = "agreement", number: int | None = None) -> text.Text:
    """The text of a version or of a certificate: as it was kept with its first signature, else as this software words it."""
    number = (agreement.version if of == "agreement" else certificate_number(agreement)) if number is None else number
    kept = session.scalar(select(SignedText).where(SignedText.agreement_id == agreement.id, SignedText.of == of, SignedText.number == number))
    if kept is not None:
        return text.Text(kept.zh, kept.en)
    if of == "agreement":
        return text_of(agreement, number)
    version = ledger.version_of(agreement)
    return text.certificate(version.facts or facts_of(agreement), certificate_day(agreement))


def certificate_number(agreement: Agreement) -> int:
    """Which certificate of non-use is to be signed: the first, or a further one where earlier ones were taken back."""
    voided = select(func.count()).where(
        AgreementEvent.agreement_id == agreement.id, AgreementEvent.type == "certified", AgreementEvent.voids_id.is_not(None)
    )
    return 1 + (session.scalar(voided) or 0)


def certificate_owed(agreement: Agreement) -> bool:
    """Whether the licensee owes a certificate of non-use that it has not signed."""
    owed = select(Obligation.id).where(
        Obligation.agreement_id == agreement.id, Obligation.key == CERTIFICATE, Obligation.state.in_(("open", "overdue"))
    )
    return session.scalar(owed) is not None


def certificate_day(agreement: Agreement) -> date:
    """Since when the technology is no longer used: the day on which the certificate came to be owed. Refused when none is owed."""
    owed = session.scalar(select(Obligation).where(Obligation.agreement_id == agreement.id, Obligation.key == CERTIFICATE))
    if owed is None or owed.trigger is None:
        raise Refused(N_("No certificate of non-use is owed."))
    return owed.trigger


def signatures_of(agreement: Agreement, of: str = "agreement", number: int | None = None) -> dict[str, Signature]:
    """Side → the signature given under a version or certificate."""
    number = (agreement.version if of == "agreement" else certificate_number(agreement)) if number is None else number
    given = select(Signature).where(
        Signature.agreement_id == agreement.id, Signature.of == of, Signature.number == number, Signature.signed.is_not(None)
    )
    return {signature.side: signature for signature in session.scalars(given)}


def side_to_sign(actor: Actor, agreement: Agreement, of: str = "agreement") -> str:
    """The side for which the actor can sign now. Raises `NotAllowed` or `Refused` when there is none."""
    require(actor, "agreement.sign", agreement)
    sides = [side for side in own_sides(actor, agreement) if may_sign_for(actor, agreement, side) and (of == "agreement" or side == "licensee")]
    if not sides:
        raise NotAllowed(N_("A signatory of your organisation signs; an owner does where none is named."))
    given = signatures_of(agreement, of)
    left = [side for side in sides if side not in given]
    if not left:
        raise Refused(N_("Your side has signed already."))
    if any(signature.person_id == actor.id for signature in given.values()):
        raise Refused(N_("One person cannot sign for both sides."))
    return left[0]


def _signable(agreement: Agreement, of: str, number: int, sha256: str, moment: datetime) -> text.Text:
    """The text that is to be signed. Refused unless it is the one on the table, the very one that the person saw, and may be signed now."""
    if of == "certificate":
        ready = agreement.state == "countersigned" and number == certificate_number(agreement)
    else:
        ready = agreement.state == "proposed" and number == agreement.version
    if not ready:
        raise Refused(N_("Another version is on the table now, or it has been signed. Read the page anew before you sign."))
    found = text_to_sign(agreement, of, number)
    if found.sha256 != sha256:
        raise Refused(N_("The text differs from the one you have read. Read the page anew before you sign."))
    if of == "agreement":
        _refuse_unsignable(agreement, ledger.day_of(agreement, moment))
    return found


def _refuse_unsignable(agreement: Agreement, today: date) -> None:
    """What forbids signing a text that may have lain on the table for long."""
    version = ledger.version_of(agreement)
    terms = parse(version.terms, template=False)
    if terms.effective and terms.effective < today - LATE:
        raise Refused(N_("The day of effect lies more than %(days)s days back. Propose a version with a later one."), days=LATE.days)
    if any(finding.severity == "refuse" for finding in findings(agreement.technology, terms, version.clauses, today)):
        raise Refused(N_("This may not be agreed as it stands; the notes beside it say why."))
    refuse_before_end(agreement, today)
    others = triers_of(agreement)
    if any(one.exclusivity in EXCLUSIVE and one.status in IN_FORCE and not one.undecided for one in others):
        raise Refused(N_("An exclusive or sole licence of this technology is in force; it cannot be licensed to anybody else."))
    if any(one.holds and one.undecided for one in others):
        raise Refused(N_("The licensor has promised another firm to sign with nobody else until that firm's trial is decided."))
    if terms.trial and terms.decision.silence == "convert" and version.clauses.get("exclusivity") in EXCLUSIVE and any(one.undecided for one in others):
        raise Refused(N_("Others are trying this technology. With them before it, silence cannot mean that an exclusive trial converts."))


def ask_code(actor: Actor, agreement: Agreement, number: int, sha256: str, of: str = "agreement", at: datetime | None = None) -> Signature:
    """Send a one-time code to the actor, for signing this very text. A further code makes the one before worthless."""
    require(actor, "agreement.sign", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    side = side_to_sign(actor, agreement, of)
    _signable(agreement, of, number, sha256, moment)
    own = select(Signature).where(
        Signature.agreement_id == agreement.id, Signature.of == of, Signature.number == number, Signature.side == side, Signature.person_id == actor.id
    )
    signature = session.scalar(own)
    if signature is None:
        signature = Signature(agreement=agreement, of=of, number=number, side=side, person_id=actor.id, counter=0, tries=0, text_sha256=sha256, asked=moment)
        session.add(signature)
        session.flush()  # the code follows from its public id
    else:
        _spare(signature, moment)
    signature.counter, signature.tries, signature.asked, signature.text_sha256 = signature.counter + 1, 0, moment, sha256
    record(signature, "code_asked", actor, moment)
    return signature


def _spare(signature: Signature, moment: datetime) -> None:
    """Refuse codes that follow each other too fast: guessing must stay hopeless, and mailboxes quiet."""
    if moment - signature.asked < PAUSE:
        raise Refused(N_("A code was sent a moment ago. Look into your mail, or ask again in half a minute."))
    asked = select(func.count()).where(
        Event.thing == "signature", Event.thing_id == signature.id, Event.name == "signature.code_asked", Event.at > moment - timedelta(hours=1)
    )
    if (session.scalar(asked) or 0) >= CODES_AN_HOUR:
        raise Refused(N_("Too many codes were asked for. Try again in an hour."))


def signature_of(actor: Actor, agreement: Agreement, public_id: str) -> Signature:
    """The actor's own signature under this id, given or only asked for. Raises `NotFound`."""
    found = session.scalar(select(Signature).where(Signature.public_id == public_id, Signature.agreement_id == agreement.id))
    if found is None or found.person_id != actor.id or not may(actor, "agreement.read", agreement):
        raise NotFound()
    return found


def sign(actor: Actor, signature: Signature, code: str, sha256: str, at: datetime | None = None) -> Signature:
    """Sign with the code. A wrong one is counted and the signature comes back unsigned; signing again changes nothing.

    The second side's signature countersigns the agreement and computes its schedule; a certificate is entered as the event that it is.
    """
    require(actor, "agreement.sign", signature.agreement)
    moment = at or now()
    agreement = ledger.locked(signature.agreement)
    session.refresh(signature)
    if signature.person_id != actor.id:
        raise NotFound()
    if signature.signed is not None:
        return signature
    side_to_sign(actor, agreement, signature.of)
    found = _signable(agreement, signature.of, signature.number, sha256, moment)
    if signature.text_sha256 != sha256:
        raise Refused(N_("The text differs from the one you have read. Read the page anew before you sign."))
    if moment - signature.asked > VALID or signature.tries >= TRIES:
        raise Refused(N_("This code is no longer valid. Ask for a new one."))
    if not codes.is_right(code, signature.public_id, signature.counter):
        signature.tries += 1
        record(signature, "code_wrong", actor, moment)
        return signature
    _conclude(actor, agreement, signature, found, moment)
    return signature


def _conclude(actor: Actor, agreement: Agreement, signature: Signature, found: text.Text, moment: datetime) -> None:
    """Set the signature, keep the text, and do what follows when it was the last one needed."""
    signature.signed = moment
    _keep(agreement, signature, found, moment)
    session.flush()  # the database refuses a second signature of the same side here
    record(signature, "signed", actor, moment)
    if signature.of == "certificate":
        key = f"certificate:{signature.number}"
        ledger.enter(actor, agreement, "certified", ledger.day_of(agreement, moment), key, moment)
        record(agreement, "certificate_signed", actor, moment)
    elif other(signature.side) in signatures_of(agreement):
        _countersign(actor, agreement, found, moment)


def _keep(agreement: Agreement, signature: Signature, found: text.Text, moment: datetime) -> None:
    own = select(SignedText.id).where(SignedText.agreement_id == agreement.id, SignedText.of == signature.of, SignedText.number == signature.number)
    if session.scalar(own) is None:
        session.add(SignedText(
            agreement=agreement, of=signature.of, number=signature.number, zh=found.zh, en=found.en, sha256=found.sha256, created=moment,
        ))


def _countersign(actor: Actor, agreement: Agreement, found: text.Text, moment: datetime) -> Standing:
    """Both sides have signed: the agreement stands, and its schedule with it."""
    agreement.signed, agreement.text_sha256 = moment, found.sha256
    move(agreement, "countersign", actor, moment, number=agreement.version)
    session.flush()  # the schedule is computed of what now stands
    return ledger.refresh(agreement, moment)


def papers_of(agreement: Agreement) -> list[Paper]:
    """The PDFs of what was signed, the agreement's before those of certificates."""
    own = select(Paper).join(SignedText).where(SignedText.agreement_id == agreement.id)
    return list(session.scalars(own.order_by(SignedText.of, SignedText.number, Paper.language.desc())))


def paper_of(actor: Actor, agreement: Agreement, public_id: str) -> Paper:
    """One PDF, for the two sides. Raises `NotFound`."""
    require(actor, "agreement.read", agreement)
    found = next((paper for paper in papers_of(agreement) if paper.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def signed_with(sha256: str) -> tuple[SignedText, datetime] | None:
    """The text that was signed here with this hash, or whose PDF has it, and the moment at which signing was complete."""
    found = session.scalar(select(SignedText).where(SignedText.sha256 == sha256))
    if found is None:
        found = session.scalar(select(SignedText).join(Paper).where(Paper.sha256 == sha256))
    if found is None:
        return None
    given = signatures_of(found.agreement, found.of, found.number)
    needed = 2 if found.of == "agreement" else 1
    moments = [signature.signed for signature in given.values() if signature.signed]
    return (found, max(moments)) if len(moments) == needed else None
