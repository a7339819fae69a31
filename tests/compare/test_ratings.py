"""`selfinstruct compare ratings=`: from CSV files to a report, through the command line."""

from __future__ import annotations

import csv
import re
from dataclasses import fields
from pathlib import Path

import pytest

from selfinstruct.compare_job import CompareConfig
from tests.conftest import Command

HIGH = "item,rater,valid,clear\n" + "".join(
    f"{item},{rater},{'yes' if item < 8 else 'no'},{'yes' if (item + (rater == 'b')) % 3 else 'no'}\n"
    for item in range(10)
    for rater in "ab"
)
MIXED = "item,rater,valid,clear\n" + "".join(
    f"{item},{rater},{'yes' if item < 3 else 'no'},{'' if item == 9 else 'yes' if item % 2 else 'no'}\n"
    for item in range(10)
    for rater in "ab"
)


def write(tmp_path: Path) -> None:
    (tmp_path / "high.csv").write_text(HIGH, encoding="utf-8")
    (tmp_path / "mixed.csv").write_text(MIXED, encoding="utf-8")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_two_files_become_a_report_with_tables_and_pictures(selfinstruct: Command, tmp_path: Path) -> None:
    write(tmp_path)
    ended = selfinstruct("compare", "ratings=[high.csv,mixed.csv]", "out=out")
    assert ended.code == 0, ended.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"report.html", "comparisons.csv", "comparisons.tex", "forest.png", "shares.png", "sets.png"}
    assert "report   out/report.html" in ended.out
    valid, clear = rows(tmp_path / "out/comparisons.csv")
    assert (valid["arm_yes"], valid["arm_n"], valid["against_yes"], valid["against_n"]) == ("8", "10", "3", "10")
    # item 9 of mixed has no value for "clear"; in high the two raters disagree on 7 of 10 items
    assert (clear["against_n"], clear["against_missing"]) == ("9", "1")
    assert (clear["arm_n"], clear["arm_missing"]) == ("3", "7")
    assert "8 of 10" in (tmp_path / "out/comparisons.tex").read_text()


def test_the_report_needs_nothing_beside_it(selfinstruct: Command, tmp_path: Path) -> None:
    write(tmp_path)
    selfinstruct("compare", "ratings=[high.csv,mixed.csv]", "out=out")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert page.count("<svg xmlns") == 3 and "<img" not in page
    assert "src=" not in page.replace('src="data:', "")
    for heading in ("Arms compared", "Criteria met together", "Agreement between raters", "Sample size"):
        assert f"<h2>{heading}</h2>" in page
    assert "The set diagram leaves out 8 items" in page


def test_the_folder_is_named_after_what_is_compared(selfinstruct: Command, tmp_path: Path) -> None:
    write(tmp_path)
    selfinstruct("compare", "ratings=[high.csv,mixed.csv]")
    selfinstruct("compare", "ratings=[high.csv,mixed.csv]")
    selfinstruct("compare", "ratings=[high.csv,mixed.csv]", "level=0.9")
    assert len(list((tmp_path / "runs").glob("compare-*"))) == 2


def test_the_same_command_gives_the_same_bytes(selfinstruct: Command, tmp_path: Path) -> None:
    write(tmp_path)
    for out in ("one", "two"):
        selfinstruct("compare", "ratings=[high.csv,mixed.csv]", f"out={out}")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_one_arm_gets_proportions_and_agreement_without_a_comparison(selfinstruct: Command, tmp_path: Path) -> None:
    write(tmp_path)
    ended = selfinstruct("compare", "ratings=high.csv", "out=out")
    assert ended.code == 0, ended.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "forest.png" not in names and "comparisons.csv" not in names
    assert {"proportions.csv", "agreement.csv", "sets.png"} <= names


def test_one_rater_gets_no_agreement(selfinstruct: Command, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("item,rater,valid\n1,a,yes\n2,a,no\n", encoding="utf-8")
    ended = selfinstruct("compare", "ratings=one.csv", "out=out")
    assert ended.code == 0, ended.err
    assert not (tmp_path / "out/agreement.csv").exists()
    assert not (tmp_path / "out/sets.png").exists()  # one criterion makes no set


def test_grades_are_counted_by_rater_and_compared_by_what_is_acceptable(selfinstruct: Command, tmp_path: Path) -> None:
    text = "item,rater,answer\n" + "".join(
        f"{item},{rater},{'ABCD'[item % 4]}\n" for item in range(8) for rater in "ab"
    )
    (tmp_path / "high.csv").write_text(text, encoding="utf-8")
    (tmp_path / "mixed.csv").write_text(text.replace("A", "C").replace("B", ""), encoding="utf-8")
    ended = selfinstruct("compare", "ratings=[high.csv,mixed.csv]", "out=out", "acceptable=[A]")
    assert ended.code == 0, ended.err
    (answer,) = rows(tmp_path / "out/comparisons.csv")
    assert (answer["arm_yes"], answer["arm_n"], answer["against_yes"], answer["against_n"]) == ("2", "8", "0", "6")
    assert answer["against_missing"] == "2"
    assert "Grades given, by rater" in ended.out
    measures = {row["measure"] for row in rows(tmp_path / "out/agreement.csv")}
    assert measures == {"same", "kappa", "alpha", "met_kappa", "linear", "quadratic", "spearman"}


def test_nothing_that_differs_is_reported_as_nothing(selfinstruct: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("item,rater,valid\n1,a,yes\n2,a,yes\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("item,rater,valid\n1,a,yes\n", encoding="utf-8")
    ended = selfinstruct("compare", "ratings=[a.csv,b.csv]", "out=out")
    assert ended.code == 0, ended.err
    assert "undefined, because every item of both arms is yes" in " ".join(ended.out.split())
    assert "0 of 1 comparisons differ" in ended.out


BAD = [
    ([], "give runs=[<run folder>,<run folder>] or ratings=[<file.csv>]"),
    (["runs=[a,b]", "ratings=[a.csv]"], "and not both"),
    (["ratings=[nowhere.csv]"], "ratings=nowhere.csv: no such file"),
    (["ratings=[high.csv]", "consensus=3"], "consensus=3: not in the files; choose one of a, b"),
    (["ratings=[high.csv]", "arms=[a,b]"], "arms: 2 names for 1 files"),
    (["ratings=[high.csv]", "criteria=[kind]"], 'no column "kind"'),
    (["ratings=[high.csv]", "level=1"], "level=1"),
    (["ratings=[high.csv]", "+colour=red"], "colour: unknown key"),
    (["population=0"], "population=0"),
    (["population=10", "margin=0.5"], "margin=0.5"),
    (["runs=[a,b]", "consensus=3"], "consensus: is about ratings"),
    (["ratings=[high.csv]", "out=high.csv/below"], "cannot be written"),
]


@pytest.mark.parametrize(
    ("arguments", "says"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_gets_one_message(selfinstruct: Command, tmp_path: Path, arguments: list[str], says: str) -> None:
    write(tmp_path)
    ended = selfinstruct("compare", *arguments)
    assert ended.code == 2
    assert says in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"high.csv", "mixed.csv"}


def test_a_population_alone_says_how_many_to_rate(selfinstruct: Command) -> None:
    ended = selfinstruct("compare", "population=1000")
    assert ended.code == 0
    assert any(line.split() == ["±", "5", "286", "381"] for line in ended.out.splitlines())


def test_the_shipped_options_are_those_that_a_sweep_uses(selfinstruct: Command) -> None:
    import yaml

    from selfinstruct.compare import Options, RatingOptions

    shipped = yaml.safe_load(selfinstruct("compare", "--cfg", "job").out)
    assert Options() == Options(**{key: shipped[key] for key in ("level", "resamples", "random_seed", "margin")})
    assert [list(RatingOptions().grades), list(RatingOptions().acceptable)] == [
        shipped["grades"],
        shipped["acceptable"],
    ]


def test_the_help_names_every_key(selfinstruct: Command) -> None:
    ended = selfinstruct("compare", "--help")
    assert ended.code == 0
    config = selfinstruct("compare", "--cfg", "job").out
    keys = [line.partition(":")[0] for line in config.splitlines() if line[:1].isalpha()]
    assert keys and set(keys) == {field.name for field in fields(CompareConfig)}
    for key in keys:
        assert re.search(rf"^ .*\b{key}\b", ended.out, re.MULTILINE), key
