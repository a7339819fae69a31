"""Disagreements settled on sheets: what raters said stands there and not who, and what comes back is the consensus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from selfinstruct.errors import InputError
from selfinstruct.rating import CONSENSUS, Study
from selfinstruct.rating.sheet_files import write_sheets
from selfinstruct.rating.sheet_reading import read_sheets
from selfinstruct.rating.sheet_rows import SAID
from selfinstruct.rating.table import write_ratings
from tests.conftest import Command
from tests.rating.sheets import cells_of, fill, fill_all
from tests.rating.studies import make_form, make_items, make_run, make_study, rows, say

FORMATS = ("csv", "xlsx")
AGREED = {"valid": True, "clear": True}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three items of two answers: agreed, disputed in one place, disputed in two; the fourth is not done."""
    items = make_items(("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"))
    found = make_study(tmp_path / "study", items, ("anna", "ben", CONSENSUS))
    for rater, says in (("anna", True), ("ben", False)):
        say(found, rater, "1", AGREED, AGREED, note="agreed note")
        say(found, rater, "2", AGREED, {"valid": True, "clear": says}, note=f"=note {rater[0]}" if says else "")
        say(found, rater, "3", {"valid": says, "clear": True, "words": f"words {says}"}, AGREED, same=says)
    say(found, "anna", "4", {"valid": False}, {})
    return found


def sheet_of(study: Study, suffix: str) -> Path:
    (path,) = [path for path in write_sheets(study, suffix) if path.stem == CONSENSUS]
    return path


def slot(study: Study, item: str, answer: int) -> str:
    """The number that an answer has on the sheet."""
    return str(study.slots(CONSENSUS, study.item(item)).index(answer) + 1)


def by_place(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["item"], row["answer"]): row for row in cells_of(path)}


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_sheet_holds_what_is_disputed_and_what_was_said_but_not_by_whom(study: Study, suffix: str) -> None:
    path = sheet_of(study, suffix)
    found = by_place(path)
    assert {item for item, _ in found} == {"2", "3"}
    one = found["2", slot(study, "2", 1)]
    assert sorted(one[SAID + "clear"].splitlines()) in (
        ["Rater 1: no", "Rater 2: yes"],
        ["Rater 1: yes", "Rater 2: no"],
    )
    assert one[SAID + "valid"] == "agreed: yes"
    assert found["3", "1"][SAID + "grade"] == "agreed: no answer"
    words = found["3", slot(study, "3", 0)][SAID + "words"]
    assert sorted(line.partition(": ")[2] for line in words.splitlines()) == ["words False", "words True"]
    notes = found["2", "1"][SAID + "note"]
    assert sorted(line.partition(": ")[2] for line in notes.splitlines()) == ["=note a", "no answer"]
    whole = json.dumps(cells_of(path)) + (path.read_text(encoding="utf-8") if suffix == "csv" else "")
    assert "anna" not in whole and "ben" not in whole and "task_" not in whole
    readmes = {one.name: one.read_text(encoding="utf-8") for one in path.parent.glob("README*")}
    assert {name for name, text in readmes.items() if "disagree" in text} == {"README_consensus.txt"}


def test_a_number_stands_for_the_same_rater_in_all_cells_of_an_item_and_in_no_other_items(tmp_path: Path) -> None:
    items = make_items(*[("x", "y")] * 40)
    study = make_study(tmp_path / "study", items, ("anna", "ben", CONSENSUS))
    for item in items:
        say(study, "anna", item.id, {"valid": True, "clear": True}, {"valid": True, "clear": True}, note="one")
        say(study, "ben", item.id, {"valid": False, "clear": False}, {"valid": False, "clear": False}, note="two")
    found = by_place(sheet_of(study, "csv"))
    firsts = set()
    for item in items:
        first = found[item.id, "1"][SAID + "note"].splitlines()[0] == "Rater 1: one"
        said = {found[item.id, place][SAID + name] for place in "12" for name in ("valid", "clear")}
        assert said == {"Rater 1: yes\nRater 2: no" if first else "Rater 1: no\nRater 2: yes"}
        firsts.add(first)
    assert firsts == {True, False}  # 40 coins


def test_only_disputed_cells_are_tinted_and_offer_answers(study: Study) -> None:
    path = sheet_of(study, "xlsx")
    book = load_workbook(path)
    sheet = book["Ratings"]
    header = {str(cell.value): cell.column_letter for cell in sheet[1]}
    offered = {one.errorTitle: str(one.sqref).split() for one in sheet.data_validations.dataValidation}
    row = {key: number for number, key in enumerate(by_place(path), start=2)}
    assert offered == {
        "valid": [f"{header['valid']}{row['3', slot(study, '3', 0)]}"],
        "clear": [f"{header['clear']}{row['2', slot(study, '2', 1)]}"],
        "same": [f"{header['same']}{row['3', '1']}"],
    }
    tints = {
        cell.coordinate for cells in sheet.iter_rows(min_row=2) for cell in cells if cell.fill.fgColor.rgb == "FFFFF7DF"
    }
    words = {f"{header['words']}{number}" for number in row.values()}
    notes = {f"{header['note']}{row[item, '1']}" for item in ("2", "3")}
    assert tints == {*(cell for cells in offered.values() for cell in cells), *words, *notes}
    assert "The raters disagree" in str(book["Questions"]["A2"].value)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_comes_back_is_the_consensus_as_if_it_were_said_on_the_page(study: Study, suffix: str) -> None:
    path = sheet_of(study, suffix)
    told = {("2", slot(study, "2", 1)): {"clear": "no"}, ("3", slot(study, "3", 0)): {"valid": "Yes", "words": "mine"}}
    fill(path, told)
    fill(path, {("3", "1"): {"same": "y", "note": "read twice"}})
    assert read_sheets(study, [path], False) == {CONSENSUS: 2}
    assert read_sheets(study, [path], False) == {CONSENSUS: 0}
    settled = [row for row in rows(write_ratings(study)[0]) if row["rater"] == CONSENSUS]
    assert [(row["item"], row["arm"], row["valid"], row["clear"], row["words"]) for row in settled] == [
        ("task_1", "a", "yes", "yes", ""),
        ("task_1", "b", "yes", "yes", ""),
        ("task_2", "a", "yes", "yes", ""),
        ("task_2", "b", "yes", "no", ""),
        ("task_3", "a", "yes", "yes", "mine"),
        ("task_3", "b", "yes", "yes", ""),
    ]
    about = [row for row in rows(write_ratings(study)[1]) if row["rater"] == CONSENSUS]
    assert (about[-1]["same"], about[-1]["note"]) == ("yes", "read twice")


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_the_raters_agree_on_is_not_asked_and_a_cell_there_is_a_fault(study: Study, suffix: str) -> None:
    path = fill(sheet_of(study, suffix), {("2", slot(study, "2", 1)): {"clear": "no", "valid": "no"}})
    with pytest.raises(InputError, match=r"valid: no two raters disagree about it, so it is not asked; leave it empty"):
        read_sheets(study, [path], False)
    assert study.ledger.current(CONSENSUS) == {}


def test_a_rater_who_changed_the_mind_meanwhile_has_ended_the_dispute(study: Study) -> None:
    path = fill(sheet_of(study, "csv"), {("2", slot(study, "2", 1)): {"clear": "yes"}})
    say(study, "ben", "2", AGREED, AGREED)
    with pytest.raises(InputError, match="clear: no two raters disagree about it"):
        read_sheets(study, [path], False)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_sheet_of_settled_items_comes_back_untouched_and_changes_nothing(study: Study, suffix: str) -> None:
    say(study, CONSENSUS, "3", {"valid": False, "words": "1/2"}, {}, note="-5", same=False)
    path = sheet_of(study, suffix)
    place = by_place(path)["3", slot(study, "3", 0)]
    assert place["valid"] == "no"
    before = study.ledger.everything()
    assert read_sheets(study, [path], False) == read_sheets(study, [path], True) == {CONSENSUS: 0}
    assert study.ledger.everything() == before


def test_nobody_settles_where_that_was_not_asked_for(study: Study, tmp_path: Path) -> None:
    path = sheet_of(study, "csv")
    other = make_study(tmp_path / "other", study.items, ("anna", "ben"), make_form())
    with pytest.raises(InputError, match=r'rater="consensus": no rater of this study; .*, or add adjudicate=true'):
        read_sheets(other, [path], False)


def test_disagreements_are_settled_offline_all_the_way_into_a_comparison(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(4)])
    study = ("rate", "run=first", "raters=[anna,ben]")
    anna, ben, _ = selfinstruct(*study, "sheets=out", "format=csv").out.splitlines()
    fill_all(tmp_path / anna, valid_task="yes", appropriate_input="yes", correct_output="yes")
    fill_all(tmp_path / ben, valid_task="yes", appropriate_input="yes", correct_output="no")
    early = selfinstruct(*study, "adjudicate=true", "sheets=out", "format=csv", "run_dir=early")
    assert early.code == 0 and "consensus: no sheet yet" in early.err
    selfinstruct(*study, "sheets=in", f"files=[{anna},{ben}]")
    out = selfinstruct(*study, "adjudicate=true", "sheets=out", "format=csv")
    assert out.code == 0, out.err
    (third,) = [tmp_path / line for line in out.out.splitlines() if line.endswith("consensus.csv")]
    fill_all(third, correct_output="no")
    back = selfinstruct("rate", "run=first", "sheets=in", f"files={third}")
    assert back.code == 0, back.err
    assert "consensus: 4 items changed" in back.out and "4 of 4 settled" in back.out
    (following,) = [line for line in back.out.splitlines() if line.startswith("next")]
    assert "consensus=consensus" in following
    compared = selfinstruct(*following.split()[2:], "out=compared")
    assert compared.code == 0, compared.err
    shares = {row["criterion"]: (row["met"], row["n"]) for row in rows(tmp_path / "compared/proportions.csv")}
    assert (shares["valid_task"], shares["correct_output"]) == (("4", "4"), ("0", "4"))
