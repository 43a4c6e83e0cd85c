"""Every reader of files, fed with damaged ones for as long as is wanted. `make prove` runs it; so does

    python tools/fuzz.py 600          # ten minutes each, two readers at a time; the report goes to docs/proof/reading.md
    python tools/fuzz.py 60 epo lens  # one minute each, these alone, no report

A file is refused or read, row by row to the values of a technology or need; whatever else happens is a fault, and the file
that caused it is kept under its digest in the folder `fuzz` of the temporary folder, to become a test.
"""

from __future__ import annotations

import hashlib
import io
import random
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEPT = Path(tempfile.gettempdir()) / "fuzz"
AT_ONCE = 2

Change = Callable[[random.Random, bytes], bytes]


def samples() -> dict[str, list[bytes]]:
    """Sound files of every format, those of the tests."""
    sys.path.insert(0, str(ROOT))
    from tests.importing import test_formats as tables  # noqa: PLC0415 - the folder of tests is reached only now
    from tests.importing.need_file import documents  # noqa: PLC0415
    from tests.importing.readers import test_archive, test_epo, test_nasa, test_patentsview, test_uspto, test_wipo  # noqa: PLC0415

    texts = {name: tables.csv_text(row).encode() for name, row in tables.ROWS.items()}
    return {
        "google": [tables.GOOGLE.encode()],
        **{name: [text, tables.workbook_of(tables.ROWS[name])] for name, text in texts.items()},
        "template": [tables.template_csv(), tables.template_workbook()],
        "epo": [test_epo.XML.encode(), test_epo.DOCDB.encode("utf-16"), test_epo.JSON.encode()],
        "uspto": [(test_uspto.GRANT + test_uspto.APPLICATION).encode(), test_uspto.DESIGN.encode("utf-16")],
        "wipo": [test_wipo.ALONE.encode(), test_wipo.BAG.encode()],
        "nasa": [test_nasa.DATA.encode()],
        "patentsview": [test_patentsview.PATENT.encode(), test_patentsview.packed(test_patentsview.ALL)],
        "archive": [test_archive.packed({"a.csv": test_archive.A, "b.csv": test_archive.B}), test_archive.MIXED],
        "need": [documents.form(), "薄壁件毛刺\n预算30-50万元，2027年6月底前。".encode("gb18030"), b"Deburring\nBudget: EUR 20k."],
    }


def damaged(chance: random.Random, data: bytes) -> bytes:
    """The file with up to six changes; of a zip as a rule one of its members, packed again, so that the damage is found late."""
    if data.startswith(b"PK") and chance.random() < 0.8:
        return _with_member_changed(chance, data)
    return _changed(chance, data)


def _with_member_changed(chance: random.Random, data: bytes) -> bytes:
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    chosen = chance.choice(source.namelist())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.infolist():
            content = source.read(entry)
            made.writestr(entry.filename, _changed(chance, content) if entry.filename == chosen else content)
    return target.getvalue()


def _changed(chance: random.Random, data: bytes) -> bytes:
    from tests.importing.readers.fuzzing import JUNK  # noqa: PLC0415

    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(data))
        part = data[start : start + chance.choice((1, 1, 2, 4, 8, 60))]
        how = chance.randrange(7)
        put = (
            bytes(byte ^ 1 << chance.randrange(8) for byte in part), b"", part * chance.choice((2, 2, 50)), chance.choice(JUNK) + part,
            chance.randbytes(chance.randint(1, 8)), _digits(chance, part), part,
        )[how]
        data = data[:start] + put + (data[start + len(part) :] if how != 6 or chance.random() < 0.7 else b"")
    return data


def _digits(chance: random.Random, part: bytes) -> bytes:
    return bytes(chance.choice(b"0123456789-.") if 48 <= byte < 58 else byte for byte in part)


def drill(name: str, seconds: float) -> int:
    """Feed one reader; what is printed last is how many files it took and how many faults came of them."""
    warnings.simplefilter("error")
    files = samples()[name]
    from tests.importing.need_file.documents import fuzzed as written  # noqa: PLC0415
    from tests.importing.readers.fuzzing import fuzzed as read  # noqa: PLC0415

    feed = written if name == "need" else read
    chance, began, count, faults, slowest = random.Random(f"{name} {time.time_ns()}"), time.monotonic(), 0, set[str](), 0.0
    while time.monotonic() - began < seconds:
        data = damaged(chance, chance.choice(files))
        started = time.monotonic()
        try:
            feed(data)
        except Exception:
            where = traceback.format_exc()
            kind = hashlib.sha256("".join(where.splitlines()[-3:]).encode()).hexdigest()[:12]
            if kind not in faults:
                KEPT.mkdir(exist_ok=True)
                (KEPT / f"{name}-{kind}").write_bytes(data)
                print(f"{name}-{kind}\n{where}", file=sys.stderr)
            faults.add(kind)
        count, slowest = count + 1, max(slowest, time.monotonic() - started)
    print(f"| {name} | {seconds / 60:.0f} | {count:,} | {slowest:.1f} | {len(faults)} |")
    return len(faults)


def _apart(name: str, seconds: str) -> str:
    done = subprocess.run([sys.executable, __file__, seconds, name], cwd=ROOT, capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    told = done.stdout.strip().rpartition("\n")[2]  # libraries print what they think of a file before it
    return told if told.startswith(f"| {name} |") else f"| {name} | died | | | |"


def all_of_them(seconds: str) -> list[str]:
    """Every reader in a process of its own; the lines of the report."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(lambda name: _apart(name, seconds), samples()))
    return [
        "Sound files of each format, damaged at random (bytes turned, cut, doubled, put in; members of archives and workbooks changed and packed again), "
        "read to the values of each row. Nothing but a refusal with its reason may come of them.", "",
        "| reader | minutes | files | slowest, seconds | faults |", "|---|---|---|---|---|", *rows, "",
    ]


def main() -> None:
    """See the module."""
    seconds, *names = sys.argv[1:] or ["600"]
    if names:
        sys.exit(min(sum(drill(name, float(seconds)) for name in names), 1))
    from prove import write  # noqa: PLC0415

    write("reading", "Readers of files under damage", all_of_them(seconds))


if __name__ == "__main__":
    main()
