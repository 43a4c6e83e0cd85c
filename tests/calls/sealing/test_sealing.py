"""Sealed files, shares, keys and receipts: whole or not at all, to the right key alone."""

from __future__ import annotations

import io
import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.calls.sealing import keys, receipts, shares
from marketplace.calls.sealing.sealing import BOXED, CHUNK, HEADER, MAGIC, MORE, Broken, Sealer, box, new_pair, public_of, unbox, unsealed

SECRET, PUBLIC = new_pair()
HEAD = len(MAGIC) + BOXED + HEADER
sizes = st.sampled_from([0, 1, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])


def sealed(plain: bytes, context: bytes = b"here", piece: int = 50_000) -> bytes:
    target = io.BytesIO()
    sealer = Sealer(target, PUBLIC, context)
    for start in range(0, len(plain), piece):
        sealer.write(plain[start:start + piece])
    sealer.close()
    return target.getvalue()


def opened(data: bytes, secret: bytes = SECRET, context: bytes = b"here") -> bytes:
    return b"".join(unsealed(io.BytesIO(data), secret, context))


def plain_of(size: int) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


@given(sizes, st.integers(1, 3 * CHUNK))
@settings(max_examples=25, deadline=None)
def test_what_was_sealed_opens_whatever_the_pieces(size: int, piece: int) -> None:
    plain = plain_of(size)
    data = sealed(plain, piece=piece)
    assert opened(data) == plain
    assert size < 16 or plain[:16] not in data


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_bit_is_refused(size: int, draw: st.DataObject) -> None:
    data = bytearray(sealed(plain_of(size)))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(Broken):
        opened(bytes(data))


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_a_part_of_it_is_refused_and_so_is_more(size: int, draw: st.DataObject) -> None:
    data = sealed(plain_of(size))
    with pytest.raises(Broken):
        opened(data[:draw.draw(st.integers(0, len(data) - 1))])
    with pytest.raises(Broken):
        opened(data + draw.draw(st.binary(min_size=1, max_size=40)))


def test_chunks_in_another_order_twice_or_missing_are_refused() -> None:
    data = sealed(plain_of(4 * CHUNK))
    head, size = data[:HEAD], CHUNK + MORE
    chunks = [data[HEAD + n * size:HEAD + (n + 1) * size] for n in range(4)]
    assert opened(head + b"".join(chunks)) == plain_of(4 * CHUNK)
    for other in ([1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [0, 1, 3, 2], [0, 1, 2], [3]):
        with pytest.raises(Broken):
            opened(head + b"".join(chunks[n] for n in other))


def test_another_key_another_place_another_file_are_refused() -> None:
    data, other = sealed(b"proposal"), sealed(b"proposal")
    for wrong in ({"secret": new_pair()[0]}, {"context": b"there"}):
        with pytest.raises(Broken):
            opened(data, **wrong)
    with pytest.raises(Broken):
        opened(data[:HEAD] + other[HEAD:])
    with pytest.raises(Broken):
        opened(b"%PDF-1.7 something else")
    assert data != other  # the same text sealed twice looks different


def test_a_sealed_file_without_its_end_does_not_open() -> None:
    target = io.BytesIO()
    Sealer(target, PUBLIC, b"here").write(plain_of(3 * CHUNK))
    with pytest.raises(Broken):
        opened(target.getvalue())


@pytest.mark.parametrize(("needed", "people"), [(1, 1), (1, 3), (2, 3), (3, 5)])
def test_any_so_many_shares_are_the_key_and_fewer_are_not(needed: int, people: int) -> None:
    divided = shares.divide(SECRET, needed, people)
    for chosen in combinations(divided, needed):
        assert shares.join(chosen) == SECRET
    if needed > 1:
        assert all(public_of(shares.join(few)) != PUBLIC for few in combinations(divided, needed - 1))


def test_shares_that_make_no_sense_are_refused() -> None:
    one, two, _three = shares.divide(SECRET, 2, 3)
    for wrong in ([], [one, one], [one, two[:-1]]):
        with pytest.raises(shares.NotAShare):
            shares.join(wrong)
    for numbers in ((0, 3), (4, 3), (2, 21)):
        with pytest.raises(ValueError):
            shares.divide(SECRET, *numbers)


def test_keys_as_text_are_told_apart() -> None:
    text = keys.written(keys.PUBLIC, PUBLIC)
    assert keys.taken(keys.PUBLIC, f"  {text}\n") == PUBLIC
    for wrong in (text.replace("public", "secret"), text[:-5], "", "techbridge-public-key:ÄÖ", text + "AAAA"):
        with pytest.raises(keys.NotAKey):
            keys.taken(keys.PUBLIC, wrong)


def test_a_key_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "somewhere" / "site.key"
    made = keys.site_key(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600 and keys.site_key(path) == made and "(…)" in repr(made)
    with pytest.raises(FileExistsError):
        keys.make_file(path, "another")
    other = keys.site_key(tmp_path / "other.key", make=True)
    assert made.unwrap(made.wrap(b"secret")) == b"secret"
    with pytest.raises(Broken):
        other.unwrap(made.wrap(b"secret"))
    with pytest.raises(Broken):
        unbox(box(b"secret", PUBLIC), new_pair()[0])


def test_receipts_are_verified_by_anybody_and_changed_by_nobody(tmp_path: Path) -> None:
    key = keys.site_key(tmp_path / "site.key", make=True).signing
    file = tmp_path / "方案.txt"
    file.write_bytes(b"what was sent")
    hashes = {"size": 13, "sha256": "a8b9", "sealed_sha256": "00"}
    known = "8ecbd1e6"
    receipt = receipts.signed({"id": "x", "text": hashes, "files": [{"name": "方案.txt", **hashes, "sha256": known}]}, key)
    text = json.dumps(receipt, ensure_ascii=False)
    assert receipts.verified(text)["id"] == "x" and receipts.verified(text, receipts.key_of(text))["id"] == "x"
    assert receipts.matched(receipt["receipt"], [file]) == {str(file): None}
    other = receipts.signed({"id": "x", "text": hashes, "files": []}, keys.site_key(tmp_path / "other.key", make=True).signing)
    for wrong in (text.replace(known, "8ecbd1e7"), "{}", "[]", "", json.dumps({**receipt, "signature": other["signature"]})):
        with pytest.raises(receipts.Forged):
            receipts.verified(wrong)
    with pytest.raises(receipts.Forged):
        receipts.verified(text, other["key"])
