"""Pictures beside a listing: made smaller and bare from the file, shown to whoever may read it in full, refused where nobody could look at them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from marketplace.access import SYSTEM
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Technology
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import session
from tests import factories as make

PLACE = 0x8825  # the tag of Exif under which a camera writes where it stood


def photograph(width: int = 1200, height: int = 800, turned: bool = True) -> bytes:
    """A JPEG as a telephone makes it: on its side, with the place in it."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010F] = (6 if turned else 1), "SecretPhone"
    exif.get_ifd(PLACE)[1] = "N"
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


def header(side: int) -> bytes:
    """A PNG that says how large it is, and then breaks off."""
    parts = (b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"\0" * 9))
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)


@pytest.fixture
def listed(client: Any) -> Technology:
    owner = make.person()
    made = make.technology(make.organisation(owner, kind="institute"))
    client.login(owner)
    return made


def put(client: Any, made: Technology, data: bytes, name: str, **said: str) -> Any:
    return client.post(f"/en/technologies/{made.public_id}/files", data={"file": (io.BytesIO(data), name), **said})


def images(client: Any, made: Technology, language: str = "en") -> list[Any]:
    return BeautifulSoup(client.get(f"/{language}/technologies/{made.public_id}").get_data(as_text=True), "lxml").select(".pictures img")


def test_a_photograph_is_shown_upright_small_and_without_what_the_camera_wrote(client: Any, listed: Technology) -> None:
    assert put(client, listed, photograph(), "IMG_1.jpg", shows_zh="中试线全貌", shows_en="").status_code == 303
    client.logout()
    [shown], [chinese] = images(client, listed), images(client, listed, "zh")
    assert (shown["alt"], shown["lang"], chinese["alt"]) == ("中试线全貌", "zh-Hans", "中试线全貌")
    assert (shown["width"], shown["height"], shown["loading"]) == ("480", "720", "lazy")
    with client.get(shown["src"]) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/webp") and b"SecretPhone" not in answer.data
        with Image.open(io.BytesIO(answer.data)) as picture:
            assert picture.size == (480, 720) and not picture.getexif()
        assert "attachment" not in answer.headers.get("Content-Disposition", "")
    with client.get(shown.parent["href"]) as answer, Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == (800, 1200), "none is made larger than it is"
    assert client.get(shown["src"].replace("/small", "/huge")).status_code == 404


def test_a_picture_without_words_is_called_by_its_file_and_other_files_are_no_pictures(client: Any, listed: Technology) -> None:
    put(client, listed, photograph(60, 40, turned=False), "rig 3.jpg")
    put(client, listed, b"plain words", "notes.txt")
    [shown] = images(client, listed)
    assert (shown["alt"], shown["width"], shown["height"]) == ("rig 3", "60", "40")
    notes = attachments.attachments_of(listed)[1]
    assert client.get(f"/en/technologies/{listed.public_id}/files/{notes.public_id}/small").status_code == 404


@pytest.mark.parametrize(("data", "says"), [
    *((header(side), "40 million pixels") for side in (7_000, 10_000, 20_000)), (header(20), "damaged"), (photograph()[:900], "damaged"),
])
def test_what_nobody_could_look_at_is_refused_and_not_kept(client: Any, listed: Technology, data: bytes, says: str) -> None:
    answer = put(client, listed, data, "a.png" if data[:1] == b"\x89" else "a.jpg")
    assert answer.status_code == 422 and says in BeautifulSoup(answer.get_data(as_text=True), "lxml").main.get_text()
    assert attachments.attachments_of(listed) == [] and session.query(Upload).count() == 0


def test_a_picture_is_for_whoever_may_read_the_listing_in_full_and_for_nobody_while_it_is_held_back(client: Any, listed: Technology) -> None:
    put(client, listed, photograph(), "IMG_1.jpg")
    [file] = attachments.attachments_of(listed)
    address = f"/en/technologies/{listed.public_id}/files/{file.public_id}/small"
    upload = session.query(Upload).one()
    upload.state, upload.why = "quarantined", "unreachable"
    session.flush()
    assert images(client, listed) == [] and client.get(address).status_code == 403
    upload.state, upload.ended = "released", make.NOW
    listed.visibility, listed.teaser = "blind", {"en": "A line"}
    session.flush()
    with client.get(address) as answer:
        assert answer.status_code == 200
    client.login(make.person())
    assert client.get(address).status_code in (403, 404)
    assert attachments.attachment_of(SYSTEM, listed, file.public_id) is file
