"""WIPO ST.96 documents: found by local names, one alone or many in a bag."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from marketplace.importing.readers import markup
from tests.importing.readers.fuzzing import cells, faults, fuzzed, mutated, read

NAMESPACES = 'xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent" xmlns:com="http://www.wipo.int/standards/XMLSchema/ST96/Common"'
PATENT = """<pat:PatentPublication com:st96Version="V5_0">
<pat:BibliographicData com:languageCode="en">
<pat:PatentPublicationIdentification><com:IPOfficeCode>CN</com:IPOfficeCode><pat:PublicationNumber>107999001</pat:PublicationNumber>
<com:PatentDocumentKindCode>B</com:PatentDocumentKindCode><com:PublicationDate>2019-11-12</com:PublicationDate></pat:PatentPublicationIdentification>
<pat:PriorityClaimBag><pat:PriorityClaim><com:IPOfficeCode>US</com:IPOfficeCode><com:ApplicationNumber><com:ApplicationNumberText>62/123,456
</com:ApplicationNumberText></com:ApplicationNumber><pat:FilingDate>2016-07-22</pat:FilingDate></pat:PriorityClaim></pat:PriorityClaimBag>
<pat:ApplicationIdentification><com:IPOfficeCode>CN</com:IPOfficeCode><com:ApplicationNumber>
<com:ApplicationNumberText>201710601862.3</com:ApplicationNumberText></com:ApplicationNumber><pat:FilingDate>2017-07-21</pat:FilingDate>
</pat:ApplicationIdentification>
<pat:InventionTitle com:languageCode="en">Coating process</pat:InventionTitle><pat:InventionTitle com:languageCode="zh">一种涂层方法</pat:InventionTitle>
<pat:PartyBag><pat:ApplicantBag><pat:Applicant><com:PublicationContact><com:Name><com:OrganizationName>
<com:OrganizationStandardName>Linhai University</com:OrganizationStandardName></com:OrganizationName></com:Name></com:PublicationContact></pat:Applicant>
</pat:ApplicantBag><pat:InventorBag><pat:Inventor><com:Name><com:PersonName><com:FirstName>Mei</com:FirstName><com:LastName>Sun</com:LastName>
</com:PersonName></com:Name></pat:Inventor></pat:InventorBag></pat:PartyBag>
<pat:IPCRClassificationBag><pat:IPCRClassification><pat:Section>C</pat:Section><pat:Class>23</pat:Class><pat:Subclass>C</pat:Subclass>
<pat:MainGroup>14</pat:MainGroup><pat:Subgroup>06</pat:Subgroup></pat:IPCRClassification></pat:IPCRClassificationBag>
<pat:CPCClassificationBag><pat:MainCPC><pat:CPCClassification><pat:CPCSection>C</pat:CPCSection><pat:Class>23</pat:Class><pat:Subclass>C</pat:Subclass>
<pat:MainGroup>14</pat:MainGroup><pat:Subgroup>0641</pat:Subgroup></pat:CPCClassification></pat:MainCPC></pat:CPCClassificationBag>
</pat:BibliographicData>
<pat:Abstract com:languageCode="en"><pat:P>A tool is coated.</pat:P><pat:P>It lasts longer.</pat:P></pat:Abstract>
<pat:Abstract com:languageCode="zh"><pat:P>对刀具进行涂层。</pat:P></pat:Abstract>
<pat:Description><pat:P>Long and not wanted.</pat:P></pat:Description>
</pat:PatentPublication>"""
ALONE = '<?xml version="1.0" encoding="UTF-8"?>' + PATENT.replace("<pat:PatentPublication ", f"<pat:PatentPublication {NAMESPACES} ")
BAG = f"<pat:PatentBag {NAMESPACES}>{PATENT}{PATENT}</pat:PatentBag>"


@pytest.mark.parametrize(("data", "count"), [(ALONE, 1), (BAG, 2), (ALONE + ALONE, 2)])
def test_a_document_arrives_whole(opened, data: str, count: int) -> None:
    table = opened(data)
    assert table.format == "wipo"
    values, *others = read(table)
    assert others == [values] * (count - 1)
    assert values["title"] == {"zh": "一种涂层方法", "en": "Coating process"}
    assert values["abstract"] == {"zh": "对刀具进行涂层。", "en": "A tool is coated.\nIt lasts longer."}
    assert (values["application_number"], values["publication_number"]) == ("201710601862.3", "CN107999001B")
    assert (str(values["filed_on"]), str(values["granted_on"]), values["kind"]) == ("2017-07-21", "2019-11-12", "patent")
    assert values["ipc"] == ["C23C 14/06", "C23C 14/0641"]
    assert values["inventors"] == ["Mei Sun"]
    assert cells(table, "applicants")[0] == "Linhai University\n"


def test_a_title_alone_tells_it_too(opened) -> None:
    number, title = "<com:PublicationNumber>CN107999001B</com:PublicationNumber>", "<pat:InventionTitle>Coating</pat:InventionTitle>"
    table = opened(f"<pat:Patent {NAMESPACES}>{number}{title}</pat:Patent>")
    assert (cells(table, "title"), cells(table, "publication_number")) == (["Coating"], ["CN107999001B"])


def test_cut_off(opened) -> None:
    table = opened(BAG[:-300])
    assert faults(table) == {2: markup.DAMAGED}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated(ALONE.encode()))
def test_a_damaged_file_is_refused_or_read(data: bytes) -> None:
    fuzzed(data)
