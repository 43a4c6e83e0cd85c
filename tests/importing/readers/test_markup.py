"""XML as a stream: what is wanted comes, what is dangerous does not, and nothing is too large for it."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from marketplace.errors import Refused
from marketplace.importing.readers import markup
from marketplace.importing.readers.tables import HAS_NULL, Broken

HEAD = '<?xml version="1.0"?>'


@pytest.fixture
def found(tmp_path: Path):
    """The wanted elements `a` of some bytes: their text, or the reason why they cannot be read."""

    def find(data: bytes | str, left_out: frozenset[str] = frozenset()) -> list[str]:
        path = tmp_path / "upload"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return [one.reason if isinstance(one, Broken) else "".join(one.itertext()) for one in markup.elements(path, frozenset({"a"}), left_out)]

    return find


def test_wanted_elements_wherever_they_stand(found) -> None:
    assert found("<r><a>1</a><x><a>2<b>3</b>4</a></x></r>") == ["1", "234"]
    assert found('<n:r xmlns:n="urn:x"><n:a>1</n:a></n:r>') == ["1"]


def test_what_is_left_out_leaves_no_trace(found) -> None:
    assert found("<r><a>1<b>2</b><d>no<a>no</a></d>3</a><d/><a>4</a></r>", frozenset({"d"})) == ["123", "4"]


def test_text_stands_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("<a>one<b>two</b>three<d>gone</d>four<c k='v'/>five</a>")
    (element,) = markup.elements(path, frozenset({"a"}), frozenset({"d"}))
    assert (element.text, element[0].text, element[0].tail, element[1].get("k"), element[1].tail) == ("one", "two", "threefour", "v", "five")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "UTF-16"), ("gb18030", "gb18030"), ("gb18030", "GB2312"),
     ("big5", "Big5"), ("latin-1", "ISO-8859-1"), ("utf-8", "utf-16")],
)
def test_encodings(found, encoding: str, declared: str) -> None:
    text = "Ü" if encoding == "latin-1" else "一種裝置"
    assert found(f'<?xml version="1.0" encoding="{declared}"?><a>{text}</a>'.encode(encoding)) == [text]


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "rot13", "idna", "gb-nonsense", "windows-0"])
def test_an_encoding_that_is_none_or_does_tricks(found, encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?><a>+AEE-</a>'
    if encoding.startswith("gb"):
        assert found(data) == ["+AEE-"]
    else:
        with pytest.raises(Refused) as refused:
            found(data)
        assert encoding in str(refused.value)


@pytest.mark.parametrize("size", [1, 7, 50, 63])
def test_documents_are_set_apart_wherever_a_chunk_ends(found, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(markup, "CHUNK", size)
    assert found(f"{HEAD}<a>1</a>\n{HEAD}<a>2</a>{HEAD}<a>\ufeff3</a>\n\n \ufeff{HEAD}<r><a>4</a><a>5 < 6</a></r>{HEAD}<a>7</a>") == [
        "1", "2", "3", "4", markup.DAMAGED, "7",
    ]


BOMB = '<!DOCTYPE r [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]><r><a>&j;</a></r>"


@pytest.mark.parametrize(
    "dangerous",
    [
        BOMB,
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><a>&x;</a></r>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://localhost:9/x.dtd"> %p;]><r><a>1</a></r>',
        '<!DOCTYPE r [<!ATTLIST a k CDATA "' + "x" * 1000 + '">]><r><a>1</a></r>',
    ],
)
def test_entities_and_outside_references(found, opened, dangerous: str) -> None:
    assert found(dangerous) == [markup.FORBIDDEN]
    assert found(HEAD + "<a>1</a>" + HEAD + dangerous + HEAD + "<a>2</a>") == ["1", markup.FORBIDDEN, "2"]
    with pytest.raises(Refused) as refused:
        opened(dangerous)
    assert refused.value.message == markup.FORBIDDEN


def test_a_dtd_is_named_and_never_fetched(found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("went out to the network"))
    assert found('<!DOCTYPE a SYSTEM "http://localhost:9/x.dtd"><a>5 &mu;m&nbsp;&#8211; 1</a>') == ["5 μm\xa0– 1"]
    assert found('<!DOCTYPE a PUBLIC "-//X" "file:///etc/passwd" [ ]><a>1</a>') == ["1"]
    assert found('<!DOCTYPE a SYSTEM "x.dtd"><a>&unheardof;</a>') == [markup.DAMAGED]


def test_too_deep(found) -> None:
    deep = "<x>" * 100_000
    assert found(f"<r><a>{deep}") == found(deep) == [markup.TOO_DEEP]
    assert found(f"{HEAD}<r><a>{deep}{HEAD}<a>1</a>") == [markup.TOO_DEEP, "1"]


@pytest.mark.parametrize("filling", ["x" * 500_000, "<b/>" * 5_000, '<b k="v" l="w"/>' * 3_000])
def test_a_document_that_is_too_large_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filling: str) -> None:
    monkeypatch.setattr(markup, "LARGEST", 2_000_000)
    path = tmp_path / "upload"
    path.write_text("<r><a><t>first</t>" + filling * 8 + "</a><a>2</a></r>")
    tracemalloc.start()
    big, small = markup.elements(path, frozenset({"a"}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(big, Broken) and big.reason == markup.TOO_LARGE and big.shown.startswith("first")
    assert not isinstance(small, Broken) and small.text == "2"
    assert peak < 8_000_000


@pytest.mark.parametrize("mark", ["<a k='", "<!-- > > >", "<?x ", "<a><![CDATA[", "<!DOCTYPE a [<!-- "])
def test_a_mark_that_never_ends_is_not_waited_for(found, mark: str) -> None:
    begun = time.monotonic()
    assert found(mark + "> <x " * 6_000_000) == [markup.DAMAGED]
    assert time.monotonic() - begun < 5


def test_names_without_number(found) -> None:
    assert found("<r>" + "".join(f"<n{n}/>" for n in range(20_000)) + "</r>") == [markup.DAMAGED]
    assert found("<r>" + "".join(f"<n k{n}='1'/>" for n in range(20_000)) + "<a>1</a></r>") == ["1"]


def test_bytes_that_are_no_text(found) -> None:
    assert found("<r><a>一</a><a>二</a></r>".encode().replace("二".encode(), b"\xe4\xba")) == ["一", HAS_NULL]


def test_a_declaration_begins_a_document_a_stylesheet_does_not(found) -> None:
    assert found(HEAD + "<?xml-stylesheet href='x'?><a>1</a>") == ["1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("<html><body>title</body></html>", "no table"),
        ("<html><body><p>title<br></body></html>", "damaged"),
        (HEAD, "damaged"),
        ("<", "damaged"),
        (HEAD + "<us-pat", "damaged"),
        ("<rows><row>1</row></rows>".encode("utf-16"), "no table"),
    ],
)
def test_other_xml_is_refused_as_a_whole(opened, data: bytes | str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(data)
    assert says in str(refused.value) and refused.value.field == "file"
