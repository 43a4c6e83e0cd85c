"""PatentsView's tables: g_patent alone, and joined with what stands beside it."""

from __future__ import annotations

import io
import tempfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.errors import Refused
from marketplace.importing.readers import archive, patentsview, tables
from tests.importing.readers.fuzzing import cells, faults, fuzzed, mutated, read, whole


def tsv(*lines: tuple[str, ...]) -> str:
    """Lines as PatentsView writes them: every cell in quotes."""
    return "".join("\t".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n" for line in lines)


PATENT = tsv(
    ("patent_id", "patent_type", "patent_date", "patent_title", "wipo_kind", "num_claims", "withdrawn"),
    ("11999001", "utility", "2021-06-08", 'Milling head, "cool" kind', "B2", "12", "0"),
    ("D875321", "design", "2020-02-11", "Handle for a file", "S1", "1", "0"),
    ("PP30001", "plant", "2019-01-01", "Rose named Linhai", "P3", "1", "0"),
)
ABSTRACT = tsv(("patent_id", "patent_abstract"), ("11999001", "A milling head is cooled from within."), ("99", "Of no patent here."))
ASSIGNEE = tsv(
    ("patent_id", "assignee_sequence", "assignee_id", "disambig_assignee_individual_name_first", "disambig_assignee_individual_name_last",
     "disambig_assignee_organization", "assignee_type"),
    ("11999001", "1", "a2", "Wei", "Zhao", "", "5"),
    ("11999001", "0", "a1", "", "", "Linden Tools, Inc.", "2"),
)
INVENTOR = tsv(
    ("patent_id", "inventor_sequence", "inventor_id", "disambig_inventor_name_first", "disambig_inventor_name_last"),
    ("11999001", "10", "i2", "Wei", "Zhao"),
    ("11999001", "9", "i1", "Maria Elena", "Van Houten"),
    ("11999001", "99999999999999999999", "i1", "Maria Elena", "Van Houten"),
)
CPC = tsv(
    ("patent_id", "cpc_sequence", "cpc_section", "cpc_class", "cpc_subclass", "cpc_group", "cpc_type"),
    ("11999001", "0", "B", "B23", "B23C", "B23C3/00", "inventional"),
    ("11999001", "1", "Y", "Y02", "Y02P", "Y02P70/10", "additional"),
)
ALL = {"g_cpc_current.tsv": CPC, "x/g_patent.tsv": PATENT, "b.tsv": ABSTRACT, "c.tsv": ASSIGNEE, "d.tsv": INVENTOR}


def packed(files: dict[str, str]) -> bytes:
    """The files in a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in files.items():
            target.writestr(name, text)
    return buffer.getvalue()


def test_g_patent_alone(opened) -> None:
    table = opened(PATENT)
    assert table.format == "patentsview"
    milling, handle, rose = read(table)
    assert (milling["publication_number"], milling["patent_kind"], milling["kind"]) == ("US11999001B2", "invention", "patent")
    assert (milling["title"], str(milling["granted_on"])) == ({"en": 'Milling head, "cool" kind'}, "2021-06-08")
    assert (handle["publication_number"], handle["patent_kind"]) == ("USD875321S1", "design")
    assert "patent_kind" not in rose
    assert [row.number for row in whole(table)] == [2, 3, 4]


def test_all_of_them_joined_whatever_they_are_called(opened) -> None:
    table = opened(packed(ALL))
    assert (table.format, [row.place for row in table.rows()]) == ("patentsview", [f"g_patent.tsv, {n}" for n in (2, 3, 4)])
    milling, *_ = read(table)
    assert milling["abstract"] == {"en": "A milling head is cooled from within."}
    assert milling["inventors"] == ["Maria Elena Van Houten", "Wei Zhao"]
    assert milling["ipc"] == ["B23C 3/00", "Y02P 70/10"]
    assert cells(table, "owners") == ["Linden Tools, Inc.\nWei Zhao", "", ""]


@pytest.mark.parametrize("data", [ABSTRACT, ASSIGNEE, INVENTOR, CPC, packed({"a": ABSTRACT, "b": CPC})])
def test_without_g_patent_it_is_said_what_is_missing(opened, data: bytes | str) -> None:
    with pytest.raises(Refused, match="belongs to the file g_patent") as refused:
        opened(data)
    assert refused.value.values["missing"] == "g_patent"


def test_broken_rows_of_any_table_are_accounted_for(opened) -> None:
    table = opened(packed({"p": PATENT + '"1"\t"utility"\n', "c": CPC + '"2"\n'}))
    assert faults(table) == {1: tables.TOO_FEW, 5: tables.TOO_FEW}
    assert [row.place for row in table.rows() if row.fault] == ["c, 4", "p, 5"]


def test_a_table_that_is_not_needed_says_so(opened) -> None:
    table = opened(packed({"p": PATENT, "g_us_term_of_grant.tsv": tsv(("patent_id", "term_extension"), ("11999001", "100"))}))
    assert table.format == "patentsview"
    assert faults(table) == {4: archive.NOT_NEEDED}


def test_entries_without_number_of_one_patent(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patentsview, "MOST_ENTRIES", 3)
    many = CPC + tsv(*(("D875321", str(n), "B", "B23", "B23C", f"B23C3/{n:02}", "additional") for n in range(50)))
    assert cells(opened(packed({"p": PATENT, "c": many})), "ipc")[1].split() == ["B23C3/00", "B23C3/01", "B23C3/02"]


def test_nothing_stays_behind(opened, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    table = opened(packed(ALL))
    assert list(table.rows()) and list(folder.iterdir()) == []
    begun = table.rows()
    next(begun)
    assert list(folder.iterdir())
    del begun
    assert list(folder.iterdir()) == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(ALL)).flatmap(lambda name: st.tuples(st.just(name), mutated(ALL[name].encode()))))
def test_a_damaged_file_is_refused_or_read(change: tuple[str, bytes]) -> None:
    name, data = change
    fuzzed(data)
    fuzzed(packed({**ALL, name: data}))
