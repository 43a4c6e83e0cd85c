"""EPO documents, in XML and in JSON: the same document arrives the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.importing.readers import markup, objects
from tests.importing.readers.fuzzing import cells, faults, fuzzed, mutated, read

BODY = """<{p}exchange-document system="ops.epo.org" family-id="61000001" country="CN" doc-number="107999001" kind="B">
<{p}bibliographic-data>
<{p}publication-reference><{p}document-id document-id-type="docdb"><{p}country>CN</{p}country><{p}doc-number>107999001</{p}doc-number>
<{p}kind>B</{p}kind><{p}date>20191112</{p}date></{p}document-id>
<{p}document-id document-id-type="epodoc"><{p}doc-number>CN107999001</{p}doc-number><{p}date>20191112</{p}date></{p}document-id></{p}publication-reference>
<{p}application-reference><{p}document-id document-id-type="epodoc"><{p}doc-number>CN20171601862</{p}doc-number><{p}date>20170721</{p}date></{p}document-id>
<{p}document-id document-id-type="docdb"><{p}country>CN</{p}country><{p}doc-number>201710601862</{p}doc-number><{p}kind>A</{p}kind></{p}document-id>
</{p}application-reference>
<{p}invention-title lang="fr">Procede de revetement</{p}invention-title>
<{p}invention-title lang="en">Coating process</{p}invention-title><{p}invention-title lang="zh">一种涂层方法</{p}invention-title>
<{p}parties><{p}applicants>
<{p}applicant sequence="1" data-format="epodoc"><{p}applicant-name><{p}name>UNIV LINHAI [CN]</{p}name></{p}applicant-name></{p}applicant>
<{p}applicant sequence="1" data-format="original"><{p}applicant-name><{p}name>LINHAI UNIVERSITY, </{p}name></{p}applicant-name></{p}applicant>
</{p}applicants><{p}inventors>
<{p}inventor sequence="1" data-format="epodoc"><{p}inventor-name><{p}name>TANNER CHRISTOPHER [GB]</{p}name></{p}inventor-name></{p}inventor>
<{p}inventor sequence="1" data-format="original"><{p}inventor-name><{p}name>TANNER, CHRISTOPHER</{p}name></{p}inventor-name></{p}inventor>
</{p}inventors></{p}parties>
<{p}classifications-ipcr><{p}classification-ipcr sequence="1"><{p}text>C23C  14/  06            A I                    </{p}text></{p}classification-ipcr>
</{p}classifications-ipcr>
<{p}patent-classifications>
<{p}patent-classification sequence="1"><{p}classification-scheme office="EP" scheme="CPCI"/><{p}section>C</{p}section><{p}class>23</{p}class>
<{p}subclass>C</{p}subclass><{p}main-group>14</{p}main-group><{p}subgroup>0641</{p}subgroup></{p}patent-classification>
<{p}patent-classification sequence="2"><{p}classification-scheme office="JP" scheme="FTERM"/><{p}classification-symbol>4K029AA02</{p}classification-symbol>
</{p}patent-classification></{p}patent-classifications>
</{p}bibliographic-data>
<{p}abstract lang="en"><{p}p>A tool is coated.</{p}p><{p}p>It lasts longer.</{p}p></{p}abstract>
<{p}abstract lang="zh"><{p}p>对刀具进行涂层。</{p}p></{p}abstract>
<{p}patent-family><{p}family-member><{p}publication-reference><{p}document-id document-id-type="docdb"><{p}country>EP</{p}country>
<{p}doc-number>3999001</{p}doc-number><{p}kind>A1</{p}kind></{p}document-id></{p}publication-reference></{p}family-member></{p}patent-family>
</{p}exchange-document>
"""
PLAIN = BODY.format(p="")
PREFIXED = BODY.format(p="exch:")
XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<ops:world-patent-data xmlns="http://www.epo.org/exchange" xmlns:ops="http://ops.epo.org"><ops:meta name="elapsed-time" value="3"/>
<exchange-documents>{PLAIN}</exchange-documents></ops:world-patent-data>"""
DOCDB = f'<exch:exchange-documents xmlns:exch="http://www.epo.org/exchange">{PREFIXED}</exch:exchange-documents>'


def number(form: str, /, **parts: str) -> dict[str, Any]:
    """A document-id in the JSON."""
    return {"@document-id-type": form, **{name.replace("_", "-"): {"$": text} for name, text in parts.items()}}


def party(role: str, kind: str, name: str) -> dict[str, Any]:
    """An applicant or inventor in the JSON."""
    return {"@sequence": "1", "@data-format": kind, f"{role}-name": {"name": {"$": name}}}


RECORD: dict[str, Any] = {
    "@country": "CN", "@doc-number": "107999001", "@kind": "B",
    "bibliographic-data": {
        "publication-reference": {"document-id": [
            number("docdb", country="CN", doc_number="107999001", kind="B", date="20191112"), number("epodoc", doc_number="CN107999001", date="20191112"),
        ]},
        "application-reference": {"@doc-id": "1", "document-id": [
            number("epodoc", doc_number="CN20171601862", date="20170721"), number("docdb", country="CN", doc_number="201710601862", kind="A"),
        ]},
        "invention-title": [{"@lang": "fr", "$": "Procede de revetement"}, {"@lang": "en", "$": "Coating process"}, {"@lang": "zh", "$": "一种涂层方法"}],
        "parties": {
            "applicants": {"applicant": [party("applicant", "epodoc", "UNIV LINHAI [CN]"), party("applicant", "original", "LINHAI UNIVERSITY, ")]},
            "inventors": {"inventor": [party("inventor", "epodoc", "TANNER CHRISTOPHER [GB]"), party("inventor", "original", "TANNER, CHRISTOPHER")]},
        },
        "classifications-ipcr": {"classification-ipcr": {"@sequence": "1", "text": {"$": "C23C  14/  06            A I"}}},
        "patent-classifications": {"patent-classification": [
            {"classification-scheme": {"@office": "EP", "@scheme": "CPCI"}, "section": {"$": "C"}, "class": {"$": "23"}, "subclass": {"$": "C"},
             "main-group": {"$": "14"}, "subgroup": {"$": "0641"}},
            {"classification-scheme": {"@office": "JP", "@scheme": "FTERM"}, "classification-symbol": {"$": "4K029AA02"}},
        ]},
    },
    "abstract": [{"@lang": "en", "p": [{"$": "A tool is coated."}, {"$": "It lasts longer."}]}, {"@lang": "zh", "p": {"$": "对刀具进行涂层。"}}],
    "patent-family": {"family-member": {"publication-reference": {"document-id": number("docdb", country="EP", doc_number="3999001", kind="A1")}}},
}
JSON = json.dumps({"ops:world-patent-data": {"@xmlns": {"$": "http://www.epo.org/exchange"}, "exchange-documents": {"exchange-document": RECORD}}})


@pytest.mark.parametrize("data", [XML, DOCDB, JSON], ids=["xml", "prefixed", "json"])
def test_a_document_arrives_whole(opened, data: str) -> None:
    table = opened(data)
    assert table.format == "epo"
    (values,) = read(table)
    assert values["title"] == {"zh": "一种涂层方法", "en": "Coating process"}
    assert values["abstract"] == {"zh": "对刀具进行涂层。", "en": "A tool is coated.\nIt lasts longer."}
    assert (values["application_number"], values["publication_number"], values["patent_kind"]) == ("201710601862.3", "CN107999001B", "invention")
    assert (str(values["filed_on"]), str(values["granted_on"]), values["kind"]) == ("2017-07-21", "2019-11-12", "patent")
    assert values["ipc"] == ["C23C 14/06", "C23C 14/0641"]
    assert values["inventors"] == ["TANNER, CHRISTOPHER"]
    assert cells(table, "applicants") == ["LINHAI UNIVERSITY\n"]
    assert cells(table, "family") == ["EP3999001A1\n"]


def one(**changes: Any) -> str:
    """The document in JSON with other bibliographic data."""
    return json.dumps({"exchange-document": {**RECORD, "bibliographic-data": {**RECORD["bibliographic-data"], **changes}}})


@pytest.mark.parametrize(
    ("country", "doc_number", "kind", "arrives"),
    [
        ("CN", "201710601862", "A", "201710601862.3"),
        ("CN", "97101765", "A", "97101765.4"),
        ("CN", "2017093456", "W", "PCT/CN2017/093456"),
        ("US", "201615123456", "A", "US15/123456"),
        ("US", "21360405", "A", "US21/360405"),
        ("US", "360405", "A", None),
        ("EP", "09700123", "A", "EP09700123"),
        ("JP", "2015123456", "A", "JP2015-123456"),
        ("KR", "20150012345", "A", "KR20150012345"),
        ("CN", "209910000000", "A", "209910000000.3"),
        ("CN", "201770601862", "A", None),
        ("CN", "85", "A", None),
    ],
)
def test_application_numbers_as_the_office_writes_them(opened, country: str, doc_number: str, kind: str, arrives: str | None) -> None:
    data = one(**{"application-reference": {"document-id": number("docdb", country=country, doc_number=doc_number, kind=kind)}})
    (values,) = read(opened(data))
    assert values.get("application_number") == arrives


def test_another_language_only_where_there_is_neither_of_ours(opened) -> None:
    french = {"@lang": "fr", "$": "Procede de revetement"}
    assert cells(opened(one(**{"invention-title": french})), "title") == ["Procede de revetement"]
    assert cells(opened(one(**{"invention-title": [french, {"@lang": "en", "$": "Coating"}]})), "title") == [""]


def test_an_application_is_not_granted(opened) -> None:
    published = {"document-id": number("docdb", country="CN", doc_number="107999001", kind="A", date="20180101")}
    assert cells(opened(one(**{"publication-reference": published})), "granted_on") == [""]
    model = {"document-id": number("docdb", country="CN", doc_number="207999001", kind="U", date="20180101")}
    assert cells(opened(one(**{"publication-reference": model})), "granted_on") == ["20180101"]


@pytest.mark.parametrize(
    "around",
    [
        '{"ops:world-patent-data": {"ops:biblio-search": {"ops:search-result": {"exchange-documents": [%s, %s]}}}}',
        '{"exchange-documents": {"exchange-document": [%s, %s]}}',
        "%s\n%s\n",
    ],
)
def test_many_documents_however_they_are_listed(opened, around: str) -> None:
    inner = json.dumps(RECORD) if '"exchange-document"' in around else json.dumps({"exchange-document": RECORD})
    table = opened(around % (inner, inner))
    assert [row.number for row in table.rows()] == [1, 2]
    assert not faults(table)


def test_cut_off_json_keeps_what_was_whole(opened) -> None:
    data = json.dumps({"exchange-documents": {"exchange-document": [RECORD, RECORD]}}).encode()
    table = opened(data[:-200])
    assert faults(table) == {2: objects.DAMAGED}
    assert len(read(table)) == 1


def test_cut_off_xml_keeps_what_was_whole(opened) -> None:
    table = opened(XML.replace("</exchange-documents>", PLAIN + "</exchange-documents>")[:-200])
    assert faults(table) == {2: markup.DAMAGED}
    assert len(read(table)) == 1


def test_a_document_without_anything_is_a_row_without_anything(opened) -> None:
    assert [row.fault for row in opened('{"exchange-document": [{}, "x", null, [[]]]}').rows()] == [None] * 4


@pytest.mark.parametrize("data", [XML, JSON], ids=["xml", "json"])
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_a_damaged_file_is_refused_or_read(data: str, draw: st.DataObject) -> None:
    fuzzed(draw.draw(mutated(data.encode())))
