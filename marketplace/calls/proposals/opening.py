"""The opening, by the clock: what the worker does with sealed proposals, which may break off anywhere and run again.

A call is opened once it is closed and `opens_at` has passed: first the key is marked, so that nothing more is taken in; then each proposal is opened in a
transaction of its own, its files decrypted while no lock is held; at last the call says so, and the sealed files are destroyed. Each part is
held against the hash of the sealed file in the table, against the hash in the sealed text, and against the receipt.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.calls.models import Call
from marketplace.calls.proposals import receiving
from marketplace.calls.proposals.models import Proposal, ProposalVersion, SealedPart
from marketplace.calls.proposals.operations import FORMAT, folder, opens_at, unwrapped
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.sealing.models import CallKey, KeyHolder
from marketplace.calls.sealing.sealing import Broken
from marketplace.catalogue import attachments
from marketplace.catalogue.attachments import LARGEST
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scanning import operations as scanning
from marketplace.db import now, session
from marketplace.errors import Refused
from marketplace.jobs import enqueue, handler
from marketplace.record import move, record
from marketplace.scanner import Verdict, judge

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=5)
TEXT_MOST = 4 * 1024 * 1024


@dataclass(frozen=True)
class _File:
    """One opened file: its name, media type, hash, size, and what the scanner said."""

    name: str
    media_type: str
    sha256: str
    size: int
    verdict: Verdict


@handler("sealing.make_key")
def make_key(thing_id: int) -> None:
    """Give a published call its key."""
    call = session.get_one(Call, thing_id)
    if call.state == "published":
        try:
            sealing.make_key(SYSTEM, call)
        except Refused:
            log.error("the key of call %s cannot be made: the site's sealing key or its holders are missing", call.public_id)
            raise


@handler("proposals.await_opening")
def await_opening(thing_id: int) -> None:
    """Have the call opened when the last upload that began in time must have ended."""
    call = session.get_one(Call, thing_id)
    enqueue("proposals.open", key=f"open_call:{call.id}", after=max(timedelta(0), opens_at(call) - now()), thing_id=call.id)


@handler("proposals.share_brought")
def share_brought(thing_id: int) -> None:
    """Look whether the shares suffice now."""
    holder = session.get_one(KeyHolder, thing_id)
    await_opening(holder.call_id)


@handler("proposals.look_for_openings", every=AGAIN)
def look_for_openings() -> None:
    """Open what should have been opened: a call whose job was lost, or whose key has come back."""
    waiting = select(Call).join(CallKey, CallKey.call_id == Call.id).where(Call.state == "closed", CallKey.opened.is_(None), Call.deadline < now())
    for call in session.scalars(waiting.order_by(Call.id).limit(100)):
        await_opening(call.id)


@handler("proposals.open")
def open_proposals(thing_id: int, at: datetime | None = None) -> Iterator[None]:
    """Open every sealed proposal of a call whose time has come; does nothing before, and nothing twice."""
    call = session.get_one(Call, thing_id)
    key = sealing.key_of(call, lock=True)
    if key is None or key.opened is not None or call.state != "closed" or (at or now()) < opens_at(call):
        return
    try:
        secret = sealing.secret_of(key)
    except sealing.Shut as shut:
        if not shut.lacking:
            sealing.lose(SYSTEM, key)
        return
    key.opening, key.lost = key.opening or at or now(), None
    yield  # from here on nothing is taken in; the runner commits
    sealed = session.scalars(select(Proposal.id).where(Proposal.call_id == thing_id, Proposal.state == "sealed").order_by(Proposal.id)).all()
    for proposal_id in sealed:
        yield from _open_one(proposal_id, secret, at)
    _finish(thing_id, at)


def _open_one(proposal_id: int, secret: bytes, at: datetime | None) -> Iterator[None]:
    """Open one proposal; the files are decrypted between two transactions."""
    proposal = session.get_one(Proposal, proposal_id)
    version, parts, receipt = _counting(proposal)
    yield
    try:
        text, files = _opened(version, parts, secret)
        _compare(text, files, receipt)
    except (ValueError, KeyError, TypeError, FileNotFoundError, Refused) as error:  # a full disk is none of these: then the job is tried again
        log.error("a sealed proposal cannot be opened: version %s, %s", version, error)
        text, files = b"", []
    session.refresh(proposal, with_for_update={"of": Proposal})  # its solver may have withdrawn it meanwhile
    if proposal.state == "sealed" and text:
        _enter(proposal, text, files, at or now())
    elif proposal.state == "sealed":
        move(proposal, "damage", SYSTEM, at, version=version)
    yield


def _counting(proposal: Proposal) -> tuple[str, list[tuple[int, str, str]], dict[str, Any] | None]:
    """The version that counts: its id, its parts as (position, file, hash of the sealed file), its receipt where it can be read."""
    version = next(one for one in proposal.versions if one.number == proposal.number)
    signed = unwrapped(version)
    return version.public_id, [(part.position, part.file, part.sha256) for part in version.parts], signed["receipt"] if signed else None


def _opened(version: str, parts: list[tuple[int, str, str]], secret: bytes) -> tuple[bytes, list[_File]]:
    """The text and the files of a version, each whole and as it was sealed. Raises `Broken`."""
    for _position, file, expected in parts:
        with receiving.path_of(folder(), file).open("rb") as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != expected:
                raise Broken("the sealed file is another")
    (position, file, _hash), *others = parts
    text = b"".join(receiving.opened(folder(), file, secret, version, position))
    said = json.loads(text)
    if said.get("format") != FORMAT or len(said["files"]) != len(others) or len(text) > TEXT_MOST:
        raise Broken("the text is of another form")
    kept = [_kept(version, part, named, secret) for part, named in zip(others, said["files"], strict=True)]
    return text, kept


def _kept(version: str, part: tuple[int, str, str], named: dict[str, Any], secret: bytes) -> _File:
    """Decrypt one file into the store of files, and have the scanner look at it."""
    seen: list[tuple[str, Verdict]] = []

    def check(path: Path) -> None:
        try:
            seen.append((attachments.recognise(path, named["name"]), judge(path, attachments.scanner_address())))
        except Refused:
            seen.append(("application/octet-stream", Verdict("quarantined", "unreadable")))

    source = _Chunks(receiving.opened(folder(), part[1], secret, version, part[0]))
    stored = attachments.store().keep(source, LARGEST, check)
    if stored.sha256 != named["sha256"]:
        raise Broken("a file is not the one that the text names")
    media, verdict = seen[0]
    if verdict.state == "infected":
        verdict = Verdict("quarantined", said=verdict.said)  # a proposal is not refused after its deadline: the operator decides
    return _File(named["name"], media, stored.sha256, stored.size, verdict)


class _Chunks(io.RawIOBase):
    """An iterator of chunks, read as a file: each read gives a whole chunk."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, _size: int = -1) -> bytes:
        """The next chunk, empty at the end."""
        return next((chunk for chunk in self._chunks if chunk), b"")


def _compare(text: bytes, files: list[_File], receipt: dict[str, Any] | None) -> None:
    """Hold what was opened against the receipt. Raises `Broken`. Where the site's key was lost and the offline key opened the call, there is none to read."""
    if receipt is None:
        return
    if receipt["text"]["sha256"] != hashlib.sha256(text).hexdigest() or [one["sha256"] for one in receipt["files"]] != [one.sha256 for one in files]:
        raise Broken("it is not what the receipt says")


def _enter(proposal: Proposal, text: bytes, files: list[_File], moment: datetime) -> None:
    proposal.content, proposal.opened = text.decode(), moment
    move(proposal, "open", SYSTEM, moment, text=hashlib.sha256(text).hexdigest(), files=[one.sha256 for one in files])
    for one in files:
        scanning.enter(SYSTEM, proposal, one.name, one.size, one.sha256, one.verdict, moment)
        session.add(Attachment(
            thing="proposal", thing_id=proposal.id, person_id=None, name=one.name, size=one.size, sha256=one.sha256, media_type=one.media_type,
            created=moment,
        ))


def _finish(call_id: int, at: datetime | None) -> None:
    """Say that the call is open, with every hash, and have the sealed files destroyed."""
    call = session.get_one(Call, call_id)
    key = sealing.key_of(call, lock=True)
    if key is None or key.opened is not None:
        return
    key.opened = at or now()
    opened = list(session.scalars(select(Proposal).where(Proposal.call_id == call_id, Proposal.opened.is_not(None)).order_by(Proposal.id)))
    hashes = {one.public_id: hashlib.sha256((one.content or "").encode()).hexdigest() for one in opened}
    damaged = session.scalars(select(Proposal.public_id).where(Proposal.call_id == call_id, Proposal.state == "damaged")).all()
    record(call, "proposals_opened", SYSTEM, at, hashes=hashes, damaged=list(damaged))
    enqueue("proposals.forget_sealed", key=f"open_call:{call_id}", thing_id=call_id)


@handler("proposals.forget_sealed")
def forget_sealed(thing_id: int) -> Iterator[None]:
    """Destroy the sealed files of what was opened; what is damaged is kept for whoever looks into it."""
    own = select(ProposalVersion).join(Proposal, Proposal.id == ProposalVersion.proposal_id)
    rows = own.where(Proposal.call_id == thing_id, Proposal.state.in_(("opened", "withdrawn")), ProposalVersion.destroyed.is_(None))
    for version in session.scalars(rows.order_by(ProposalVersion.id)).all():
        _destroy(version)
        yield


@handler("proposals.forget_earlier")
def forget_earlier(thing_id: int) -> None:
    """Destroy the sealed files of versions that were replaced, or of a proposal that was withdrawn before the opening."""
    proposal = session.get_one(Proposal, thing_id)
    for version in proposal.versions:
        replaced = version.number < proposal.number or (proposal.state in ("withdrawn", "discarded") and proposal.opened is None)
        if replaced and version.destroyed is None:
            _destroy(version)


def _destroy(version: ProposalVersion) -> None:
    receiving.destroy(folder(), [part.file for part in version.parts])
    version.destroyed = now()


@handler("proposals.discard")
def discard(thing_id: int) -> Iterator[None]:
    """A call was withdrawn: what is sealed is destroyed unread."""
    sealed = select(Proposal).where(Proposal.call_id == thing_id, Proposal.state == "sealed").order_by(Proposal.id)
    for proposal in session.scalars(sealed).all():
        if proposal.call.state == "withdrawn":
            move(proposal, "discard", SYSTEM)
        yield


@handler("proposals.sweep", every=timedelta(hours=1))
def sweep() -> Iterator[None]:
    """Delete sealed files that no row names: what a crash left between the file and its row, or in the middle of an upload."""
    lying: list[Path] = []
    for path in receiving.lying(folder()):
        lying.append(path)
        if len(lying) == 500:
            _sweep(lying)
            lying = []
            yield
    _sweep(lying)


def _sweep(paths: list[Path]) -> None:
    known = set(session.scalars(select(SealedPart.file).where(SealedPart.file.in_([path.name for path in paths]))))
    for path in paths:
        if path.name not in known:
            path.unlink(missing_ok=True)


