"""Pictures beside a listing: what people look at before they read.

What is shown is never the file that was brought, but a picture made from it: smaller, upright, and without what the camera wrote into it, its place
among them. It is made when it is first asked for and kept; thrown away it is made again. Who may read the listing in full may see its pictures.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from marketplace.access import Actor
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scanning import operations as scanning
from marketplace.catalogue.scanning.models import SHUT
from marketplace.db import in_language
from marketplace.errors import N_, NotFound, Refused

KINDS = ("image/png", "image/jpeg")
FORMATS = ("PNG", "JPEG")
ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
TAIL = 64 * 1024  # bytes in which the end of a picture stands; some cameras write on behind it
ORIENTATION = 0x0112  # the tag of Exif
SIZES = {"small": 480, "large": 1600}
"""The widest a picture is shown, in pixels: beside the text, and alone."""
MOST_PIXELS = 40_000_000
QUALITY = 74  # of WebP: a photograph of 480 by 360 pixels has some 20 kB


def attach(actor: Actor, thing: Any, source: BinaryIO, name: str, shows: dict[str, str], at: datetime | None = None) -> Attachment:
    """Put a file beside a listing (`attachments.attach`); a picture is measured, and `shows` says by language what is to be seen on it."""
    sizes: list[tuple[int, int]] = []
    file = attachments.attach(actor, thing, source, name, at, lambda path, media: sizes.append(measure(path)) if media in KINDS else None)
    if sizes:
        file.width, file.height = sizes[0]
        file.shows = {language: text.strip() for language, text in shows.items() if text.strip()}
    return file


def measure(path: Path) -> tuple[int, int]:
    """Width and height in pixels, as the picture is seen upright. Raises `Refused` where it cannot be read whole or has too many pixels."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise Image.DecompressionBombError
            if ENDS[picture.format or ""] not in _tail(path):
                raise OSError("broken off")  # what else is loaded may have told the library to be content with a part
            turned = picture.getexif().get(ORIENTATION, 1) >= 5  # on its side
            picture.draft("RGB", (1, 1))
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        most = MOST_PIXELS // 1_000_000
        raise Refused(N_("This picture has more than %(most)s million pixels. Make it smaller first."), field="file", most=most) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Refused(N_("This picture cannot be read; it may be damaged."), field="file") from error
    return (height, width) if turned else (width, height)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return file.read()


def shown(files: list[Attachment]) -> list[Attachment]:
    """Of these files the pictures that may be shown: those that were measured, and that nobody holds back."""
    pictures = [file for file in files if file.width]
    states = scanning.states_of(file.sha256 for file in pictures) if pictures else {}
    return [file for file in pictures if states.get(file.sha256) not in SHUT]


def says(file: Attachment, language: str) -> tuple[str, str | None]:
    """What is to be seen on a picture, and the language of that; where nobody said it, the name of its file, in no language that is known."""
    text, spoken = in_language(file.shows, language)
    return (text, spoken) if text else (Path(file.name).stem, None)


def fitted(file: Attachment, size: str) -> tuple[int, int]:
    """Width and height of a picture at a size of SIZES; none is made larger than it is."""
    width = min(SIZES[size], file.width or 0)
    return width, max(1, round(width * (file.height or 0) / (file.width or 1)))


def made(file: Attachment, size: str) -> Path:
    """The picture at a size, as WebP. Raises `NotFound` where there is none, `NotAllowed` while the file is held back."""
    if size not in SIZES or not file.width:
        raise NotFound()
    source = attachments.path_of(file.sha256)
    kept = attachments.store().folder / "pictures" / file.sha256[:2] / f"{file.sha256}-{size}.webp"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            _make(source, kept, fitted(file, size))
        except (OSError, SyntaxError) as error:
            raise NotFound(N_("This picture cannot be shown. The file itself can be fetched.")) from error
    return kept


def _make(source: Path, kept: Path, box: tuple[int, int]) -> None:
    """Write the picture aside and rename it: two who ask at once both find it whole."""
    with Image.open(source, formats=FORMATS) as picture:
        picture.draft("RGB", (2 * box[0], 2 * box[1]))  # a JPEG is read no larger than needed
        upright = ImageOps.exif_transpose(picture)
        small = upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB").resize(box, Image.Resampling.LANCZOS)
    descriptor, name = tempfile.mkstemp(dir=kept.parent)
    try:
        with os.fdopen(descriptor, "wb") as target:
            small.save(target, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=None)
        os.replace(name, kept)
    finally:
        Path(name).unlink(missing_ok=True)
