"""The verbs of keys: make a call's key, name its holders, bring a share, bring the key back, say whether it can be opened.

The secret half is never handed to anybody who asks over the web: `secret_of` is called by the opening, and by nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.access import Actor, require
from marketplace.calls.conditions import FURTHER, Lack
from marketplace.calls.models import Call
from marketplace.calls.sealing import keys, shares
from marketplace.calls.sealing.models import CallKey, KeyHolder, SealingKey
from marketplace.calls.sealing.sealing import Broken, box, new_pair, public_of, unbox
from marketplace.config import Settings, read
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.record import record

_settings: list[Settings] = []


class Shut(Exception):
    """The call cannot be opened now: `lacking` shares are missing, or, where it is 0, nobody here has a key that opens it."""

    def __init__(self, lacking: int) -> None:
        super().__init__(lacking)
        self.lacking = lacking


@dataclass(frozen=True)
class Named:
    """A holder as he is named: his name, his mail address, and the text of his public key."""

    name: str
    address: str
    public: str


def configure(settings: Settings) -> None:
    """Say which settings this process works with; the blueprint does this when it is mounted."""
    _settings[:] = [settings]


def settings() -> Settings:
    """This process's settings."""
    return _settings[0] if _settings else read()


def site_keys() -> list[keys.SiteKey]:
    """The site's sealing keys: one, and two while they are exchanged. In development one is made at the first use. Raises `Shut` when there is none."""
    try:
        return keys.site_keys(settings().sealing_key, make=not settings().production)
    except (OSError, keys.NotAKey) as error:
        raise Shut(0) from error


def site_key() -> keys.SiteKey:
    """The sealing key that wraps and signs: the first that was not retired. Raises `Shut` when there is none here.

    Whoever wraps asks for it with the call's key locked (`key_of`): an exchange waits for such locks, and so misses nothing that the old key wrapped.
    """
    retired = set(session.scalars(select(SealingKey.public).where(SealingKey.retired.is_not(None))))
    found = next((key for key in site_keys() if key.public not in retired), None)
    if found is None:
        raise Shut(0)
    return found


def unwrapped(kept: str) -> bytes:
    """A secret of the tables, by whichever sealing key is here. Raises `Broken`, or `Shut` when there is none."""
    for key in site_keys():
        try:
            return key.unwrap(kept)
        except Broken:
            continue
    raise Broken("no sealing key here opens it")


def known(key: keys.SiteKey, at: datetime | None = None) -> SealingKey:
    """The row of a sealing key, made at its first use, so that receipts can be verified when it is gone."""
    own = select(SealingKey).where(SealingKey.public == key.public)
    found = session.scalar(own)
    if found is not None:
        return found
    made = SealingKey(public=key.public, since=at or now())
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # another process was quicker
        return session.scalars(own).one()
    return made


def receipt_keys() -> list[SealingKey]:
    """All keys with which this site has signed receipts, newest first."""
    return list(session.scalars(select(SealingKey).order_by(SealingKey.since.desc(), SealingKey.id.desc())))


def key_of(call: Call, lock: bool = False) -> CallKey | None:
    """The call's key, if it has been made; with `lock`, nobody else decides about the opening until this transaction has ended."""
    own = select(CallKey).where(CallKey.call_id == call.id).execution_options(populate_existing=lock)
    return session.scalar(own.with_for_update() if lock else own)


def holders_of(call: Call) -> list[KeyHolder]:
    """The people who hold shares of the call's key."""
    return list(session.scalars(select(KeyHolder).where(KeyHolder.call_id == call.id).order_by(KeyHolder.position)))


def name_holders(actor: Actor, call: Call, named: Sequence[Named], needed: int, at: datetime | None = None) -> list[KeyHolder]:
    """Say who holds shares, and how many of them must come together; nobody and 0 leave the key with the site. While the call is a draft."""
    require(actor, "open_call.name_holders", call)
    if call.state != "draft":
        raise Refused(N_("The key is made when the call is published. Who holds it cannot be changed any more."))
    if named and not 1 <= needed <= len(named) <= shares.MOST:
        raise Refused(N_("Say how many of the holders are needed: at least 1, at most all of them."), field="needed")
    publics = [_public(one.public, f"holders-{number}-public") for number, one in enumerate(named)]
    if len(set(publics)) < len(publics):
        raise Refused(N_("Two holders have the same key: each must have made his own."), field="needed")
    for old in holders_of(call):
        session.delete(old)
    session.flush()  # positions and keys of the old ones are free again
    made = [
        KeyHolder(call_id=call.id, position=number, name=one.name.strip(), address=one.address.strip(), public=public, created=at or now())
        for number, (one, public) in enumerate(zip(named, publics, strict=True))
    ]
    session.add_all(made)
    session.flush()  # whoever asks for the holders of the call finds them
    call.key_holders = needed if named else None
    record(call, "holders_named", actor, at, holders=len(made), needed=needed if named else 0)
    return made


def shown_public(holder: KeyHolder) -> str:
    """A holder's public key as he printed it."""
    return keys.written(keys.PUBLIC, base64.b64decode(holder.public))


def _public(text: str, field: str) -> str:
    try:
        raw = keys.taken(keys.PUBLIC, text)
        box(b"", raw)
    except (keys.NotAKey, Broken, ValueError, TypeError, RuntimeError) as error:
        raise Refused(
            N_("This is no public key. It begins with “techbridge-public-key:” and is printed when the holder makes his key."), field=field) from error
    return base64.b64encode(raw).decode()


def require_sealable(call: Call) -> None:
    """Raise `Refused` where a call cannot be published because its key could not be made: the holders it needs are not named, or the site has no key."""
    if call.key_holders and len(holders_of(call)) < call.key_holders:
        raise Refused(N_("Name the key holders first: %(count)s of them must open the proposals together."), count=call.key_holders)
    if not call.key_holders:
        try:
            site_key()
        except Shut as shut:
            raise Refused(N_("The site's sealing key is missing, so that no call can be published now. Please tell whoever runs the site.")) from shut


def _lacks_key(call: Call, _at: datetime) -> list[Lack]:
    """What stands between the call and its publication, on the side of its key."""
    try:
        require_sealable(call)
        return []
    except Refused as problem:
        return [Lack("key_holders", problem.message, problem.values)]


FURTHER.append(_lacks_key)


def make_key(actor: Actor, call: Call, at: datetime | None = None) -> CallKey:
    """Make the call's pair of keys, wrap or divide the secret half, and forget it. A call that has a key keeps it."""
    require(actor, "call_key.mend")
    found = key_of(call, lock=True)
    if found is not None:
        return found
    require_sealable(call)
    secret, public = new_pair()
    made = CallKey(call_id=call.id, public=base64.b64encode(public).decode(), needed=call.key_holders, created=at or now())
    session.add(made)
    session.flush()  # the row is locked before the site's key is asked for
    if call.key_holders:
        held = holders_of(call)
        for holder, share in zip(held, shares.divide(secret, call.key_holders, len(held)), strict=True):
            holder.sealed = keys.written(keys.SEALED, box(share, base64.b64decode(holder.public)))
            holder.mark = hashlib.sha256(share).hexdigest()
    else:
        made.wrapped = site_key().wrap(secret)
        if offline := settings().recovery_key:
            raw = keys.taken(keys.PUBLIC, offline)
            made.recovery, made.recovery_public = keys.written(keys.SEALED, box(secret, raw)), base64.b64encode(raw).decode()
    record(call, "key_made", actor, at, public=made.public, holders=made.needed or 0, recovery=made.recovery_public)
    return made


def by_public_id(public_id: str) -> KeyHolder:
    """The holder under this id: whoever has his link. Raises `NotFound` while the call is a draft."""
    found = session.scalar(select(KeyHolder).where(KeyHolder.public_id == public_id))
    if found is None or found.sealed is None:
        raise NotFound()
    return found


def bring_share(actor: Actor, holder: KeyHolder, text: str, at: datetime | None = None) -> KeyHolder:
    """Take a holder's share, after the deadline and not before. One that was brought before is wrapped anew: the site's key may be another by now."""
    require(actor, "key_holder.bring")
    moment = at or now()
    if moment <= holder.call.deadline or holder.call.state != "closed":
        raise Refused(N_("Shares are taken once the deadline has passed, so that nobody can open anything before."), field="share")
    try:
        share = keys.taken(keys.SHARE, text, shares.SIZE)
    except keys.NotAKey as error:
        raise Refused(N_("This is no share. It begins with “techbridge-share:” and is printed by the command below."), field="share") from error
    if hashlib.sha256(share).hexdigest() != holder.mark:
        raise Refused(N_("This is a share, but not the one of this call and this holder."), field="share")
    key_of(holder.call, lock=True)
    try:
        holder.brought, holder.at = site_key().wrap(share), holder.at or moment
    except Shut as shut:
        raise Refused(N_("The site's sealing key is missing. Please tell whoever runs the site, and bring the share again later."), field="share") from shut
    record(holder, "bring", actor, moment, call=holder.call_id)
    return holder


def lacking(call: Call) -> int:
    """How many shares are still missing before the call's key is whole; 0 where no holders are needed."""
    return max(0, call.key_holders - len(_brought(call))) if call.key_holders else 0


def _brought(call: Call) -> list[bytes]:
    """The shares that are here. One that was wrapped by a sealing key that is lost is not: its holder brings it again."""
    found = []
    for holder in holders_of(call):
        try:
            found += [unwrapped(holder.brought)] if holder.brought else []
        except (Broken, Shut):
            continue
    return found


def secret_of(key: CallKey) -> bytes:
    """The secret half, for the opening. Raises `Shut`."""
    try:
        secret = unwrapped(key.wrapped) if key.needed is None and key.wrapped else _joined(key)
    except (Broken, shares.NotAShare) as error:
        raise Shut(0) from error
    if public_of(secret) != base64.b64decode(key.public):
        raise Shut(0)
    return secret


def _joined(key: CallKey) -> bytes:
    found = _brought(key.call)
    if key.needed is None or len(found) < key.needed:
        raise Shut(key.needed - len(found) if key.needed else 0)
    return shares.join(found[: key.needed])


def recover(actor: Actor, call: Call, secret_text: str, at: datetime | None = None) -> CallKey:
    """Take in the secret half that the offline key gave back, after the deadline, and wrap it anew by the site's present key."""
    require(actor, "call_key.mend")
    key = key_of(call, lock=True)
    if key is None or key.recovery is None:
        raise Refused(N_("No recovery copy was made of this call's key."))
    if (at or now()) <= call.deadline:
        raise Refused(N_("The key is taken back once the deadline has passed, and not before."))
    try:
        secret = keys.taken(keys.SECRET, secret_text)
    except keys.NotAKey as error:
        raise Refused(N_("This is no secret key.")) from error
    if public_of(secret) != base64.b64decode(key.public):
        raise Refused(N_("This is a secret key, but not the one of this call."))
    key.wrapped, key.lost = site_key().wrap(secret), None
    record(call, "key_recovered", actor, at)
    return key


def with_recovery_key(key: CallKey, offline: bytes) -> str:
    """The text of a call's secret half, opened by the offline key. Raises `Refused`."""
    try:
        return keys.written(keys.SECRET, unbox(keys.taken(keys.SEALED, key.recovery or "", None), offline))
    except (Broken, keys.NotAKey) as error:
        raise Refused(N_("This recovery key does not open the call's key.")) from error


def lose(actor: Actor, key: CallKey, at: datetime | None = None) -> None:
    """Note that nobody here can open the call, once."""
    require(actor, "call_key.mend")
    if key.lost is None:
        key.lost = at or now()
        record(key.call, "key_lost", actor, at)
