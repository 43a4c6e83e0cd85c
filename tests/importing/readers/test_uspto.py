"""USPTO files: grants and applications one after another, and what becomes of a broken one among them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.importing.readers import markup
from tests.importing.readers.fuzzing import cells, faults, fuzzed, mutated, read, whole

GRANT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v45-2014-04-03.dtd" [ ]>
<us-patent-grant lang="EN" country="US" date-publ="20210608">
<us-bibliographic-data-grant>
<publication-reference><document-id><country>US</country><doc-number>11999001</doc-number><kind>B2</kind><date>20210608</date></document-id></publication-reference>
<application-reference appl-type="utility"><document-id><country>US</country>
<doc-number>15123456</doc-number><date>20180302</date></document-id></application-reference>
<us-application-series-code>15</us-application-series-code>
<us-term-of-grant><us-term-extension>100</us-term-extension></us-term-of-grant>
<classifications-ipcr><classification-ipcr><section>B</section><class>23</class><subclass>C</subclass><main-group>3</main-group>
<subgroup>00</subgroup></classification-ipcr></classifications-ipcr>
<classifications-cpc><main-cpc><classification-cpc><section>Y</section><class>02</class><subclass>P</subclass><main-group>70</main-group>
<subgroup>10</subgroup></classification-cpc></main-cpc></classifications-cpc>
<invention-title id="t1">Milling head with CO<sub>2</sub> cooling &amp; damping</invention-title>
<us-parties><us-applicants><us-applicant sequence="001"><addressbook><orgname>Linden Tools, Inc.</orgname></addressbook></us-applicant></us-applicants>
<inventors><inventor sequence="001"><addressbook><last-name>Van Houten</last-name><first-name>Maria Elena</first-name></addressbook></inventor>
<inventor sequence="002"><addressbook><last-name>Zhao</last-name><first-name>Wei</first-name></addressbook></inventor></inventors></us-parties>
<assignees><assignee><addressbook><orgname>Linden Tools, Inc.</orgname></addressbook></assignee></assignees>
</us-bibliographic-data-grant>
<abstract id="a1"><p>A milling head is cooled from within.</p><p>Chatter is damped.</p></abstract>
<description><p>Long and not wanted.</p></description>
</us-patent-grant>
"""
APPLICATION = """<?xml version="1.0" encoding="UTF-8"?>
<us-patent-application><us-bibliographic-data-application>
<publication-reference><document-id><country>US</country><doc-number>20220123456</doc-number><kind>A1</kind><date>20220421</date></document-id></publication-reference>
<application-reference appl-type="utility"><document-id><country>US</country>
<doc-number>501234</doc-number><date>20211014</date></document-id></application-reference>
<us-application-series-code>17</us-application-series-code>
<invention-title>Sorting of ore by sound</invention-title></us-bibliographic-data-application>
<abstract><p>Ore is sorted by how it sounds.</p></abstract></us-patent-application>
"""
DESIGN = GRANT.replace("11999001", "D0875321").replace("utility", "design").replace(
    "<us-term-extension>100</us-term-extension>", "<length-of-grant>15</length-of-grant>"
)
MILLING = {
    "title": {"en": "Milling head with CO2 cooling & damping"},
    "abstract": {"en": "A milling head is cooled from within.\nChatter is damped."},
    "application_number": "US15/123456",
    "publication_number": "US11999001B2",
    "patent_kind": "invention",
    "ipc": ["B23C 3/00", "Y02P 70/10"],
    "inventors": ["Maria Elena Van Houten", "Wei Zhao"],
    "kind": "patent",
}


def test_a_grant_arrives_whole(opened) -> None:
    table = opened(GRANT)
    assert table.format == "uspto"
    (values,) = read(table)
    assert {name: values[name] for name in MILLING} == MILLING
    assert [str(values[name]) for name in ("filed_on", "granted_on", "expires_on")] == ["2018-03-02", "2021-06-08", "2038-06-10"]
    assert cells(table, "owners") == cells(table, "applicants") == ["Linden Tools, Inc.\n"]


def test_an_application_is_no_patent_yet(opened) -> None:
    (values,) = read(opened(APPLICATION))
    assert (values["kind"], values["application_number"], values["publication_number"]) == ("patent_application", "US17/501234", "US20220123456A1")
    assert "granted_on" not in values and "expires_on" not in values


def test_a_design_lasts_as_long_as_the_grant_says(opened) -> None:
    (values,) = read(opened(DESIGN))
    assert (values["publication_number"], values["patent_kind"], str(values["expires_on"])) == ("USD875321B2", "design", "2036-06-08")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "<us-related-documents><continuation><relation/></continuation></us-related-documents>",
        "<pct-or-regional-filing-data><document-id/></pct-or-regional-filing-data>",
    ],
)
def test_the_end_is_left_open_where_the_term_counts_from_elsewhere(opened, elsewhere: str) -> None:
    assert cells(opened(GRANT.replace("<assignees>", elsewhere + "<assignees>")), "expires_on") == [""]
    own = "<us-related-documents><related-publication/></us-related-documents>"
    assert cells(opened(GRANT.replace("<assignees>", own + "<assignees>")), "expires_on") == ["2038-06-10"]


def test_many_documents_in_one_file(opened) -> None:
    table = opened(GRANT + APPLICATION + DESIGN)
    assert [row.number for row in whole(table)] == [1, 2, 3]
    assert cells(table, "publication_number") == ["US11999001B2", "US20220123456A1", "USD875321B2"]


def test_one_broken_document_costs_only_itself(opened) -> None:
    table = opened(GRANT + GRANT.replace("</us-patent-grant>", "</us-patent>") + APPLICATION)
    assert faults(table) == {2: markup.DAMAGED}
    assert len(read(table)) == 2


def test_the_first_document_may_be_the_broken_one(opened) -> None:
    bomb = GRANT.replace("[ ]", '[<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]')
    assert faults(opened(bomb + GRANT)) == {1: markup.FORBIDDEN}


def test_what_is_shown_of_a_broken_document_tells_which_it_is(opened) -> None:
    (row,) = [row for row in opened(GRANT + GRANT[:1500]).rows() if row.fault]
    assert "11999001" in row.cells[0] and "<" not in row.cells[0]


def test_utf_16_is_read_too(opened) -> None:
    assert cells(opened(APPLICATION.replace("UTF-8", "utf-16").encode("utf-16")), "title_en") == ["Sorting of ore by sound"]


def test_cut_off_in_the_last_document(opened) -> None:
    table = opened((GRANT + APPLICATION)[:-40])
    assert faults(table) == {2: markup.DAMAGED}
    assert len(read(table)) == 1


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([GRANT, GRANT + APPLICATION]).flatmap(lambda text: mutated(text.encode())))
def test_a_damaged_file_is_refused_or_read(data: bytes) -> None:
    fuzzed(data)
