"""`selfinstruct compare runs=[...]` over evaluations: what is written and said, and what cannot be compared."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from selfinstruct.compare import compare_folders
from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_folders import read_evaluation
from selfinstruct.compare.evaluated_names import named
from selfinstruct.errors import InputError
from tests.compare.evaluations import Line, write_evaluation
from tests.conftest import Command

OPTIONS = Options(resamples=300)


def lines(good: int, number: int = 24) -> list[Line]:
    return [
        Line(f"i{n:02}", f"t{n % 12}", (n % 5) / 10 + 0.03 * good * (n % 4), float(n % 24 < good), "AB"[n < good]
             if n % 3 else "D", category=("even", "odd")[n % 2])
        for n in range(number)
    ]  # fmt: skip


def folders(folder: Path) -> list[Path]:
    return [
        write_evaluation(folder / "demo-tuned-1", {"tuned": lines(16)}),
        write_evaluation(folder / "demo-base-1", {"base": lines(4)}),
    ]


def test_two_evaluations_are_compared_item_by_item(selfinstruct: Command, tmp_path: Path) -> None:
    tuned, base = folders(tmp_path)
    ended = selfinstruct("compare", f"runs=[{tuned},{base}]", "out=cmp", "resamples=300")
    assert ended.code == 0, ended.err
    assert "tuned against base" in ended.out and "after Holm's correction" in ended.out
    names = {path.name for path in (tmp_path / "cmp").iterdir()}
    assert {"report.html", "differences.csv", "differences.tex", "differences.png", "scores.png", "grades.png"} <= names
    assert {"category_differences.csv", "category_differences.png"} <= names
    with (tmp_path / "cmp" / "differences.csv").open(encoding="utf-8") as file:
        rows = {row["measure"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["rouge_l", "rouge_1", "exact_match", "acceptable", "grade"]
    assert (rows["exact_match"]["only_arm"], rows["exact_match"]["only_against"]) == ("12", "0")  # 16 right against 4
    page = (tmp_path / "cmp" / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 4 and "<h2>Differences</h2>" in page


def test_one_evaluation_of_two_sets_of_answers_is_enough(tmp_path: Path) -> None:
    both = write_evaluation(tmp_path / "both", {"tuned": lines(16), "base": lines(4)})
    found = compare_folders([both], tmp_path / "out", OPTIONS, names=("after", "before"), against="after")
    assert "before against after" in found.summary


def test_the_same_comparison_is_the_same_bytes(tmp_path: Path) -> None:
    compared = [compare_folders(folders(tmp_path / name), tmp_path / name / "out", OPTIONS) for name in ("x", "y")]
    for one, other in zip(*(found.files for found in compared), strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def names_of(folders: list[Path], names: tuple[str, ...] = ()) -> list[str]:
    """What the arms of these evaluations are called in a comparison."""
    return [arm.name for arm in named([arm for folder in folders for arm in read_evaluation(folder)], names)]


def test_models_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    one = write_evaluation(tmp_path / "shots0", {"gpt": lines(16)})
    two = write_evaluation(tmp_path / "shots2", {"gpt": lines(4)})
    assert names_of([one, two]) == ["gpt, shots0", "gpt, shots2"]
    assert names_of([one, two], ("zero", "two")) == ["zero", "two"]
    with pytest.raises(InputError, match="arms: 1 names for 2 sets of answers"):
        names_of([one, two], ("zero",))
    with pytest.raises(InputError, match='two sets of answers are called "zero"'):
        names_of([one, two], ("zero", "zero"))


def test_models_of_one_name_are_told_apart_by_what_was_declared_otherwise(tmp_path: Path) -> None:
    for shots, right in ((0, 4), (2, 16)):
        folder = write_evaluation(tmp_path / f"e{shots}", {"gpt": lines(right)})
        config = f"model: {{name: x/gpt}}\nbenchmark: {{shots: {shots}, path: here}}\nlimits: {{timeout_s: {shots}}}\n"
        (folder / "config.yaml").write_text(config, encoding="utf-8")
    assert names_of([tmp_path / "e2", tmp_path / "e0"]) == ["gpt, shots=2", "gpt, shots=0"]


def test_items_of_one_side_only_are_said(tmp_path: Path) -> None:
    one = write_evaluation(tmp_path / "one", {"one": lines(16)})
    two = write_evaluation(tmp_path / "two", {"two": lines(4, number=20)})
    found = compare_folders([one, two], tmp_path / "out", OPTIONS)
    page = found.files[0].read_text(encoding="utf-8")
    assert "one and two share 20 items; 4 are only in the first, 0 only in the second, and in no difference." in page


def test_a_run_and_an_evaluation_are_one_clear_error(selfinstruct: Command, tmp_path: Path) -> None:
    tuned, _ = folders(tmp_path)
    run = tmp_path / "a-run"
    run.mkdir()
    (run / "manifest.json").write_text('{"identity": "x", "verb": "run", "status": "done"}', encoding="utf-8")
    ended = selfinstruct("compare", f"runs=[{tuned},{run}]")
    assert ended.code == 2
    assert f"{tuned} is an evaluation and {run} is a run; compare like with like" in ended.err


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"status": "stopped"}, "this evaluation has not ended"), ({"status": "running"}, "has not ended")],
)
def test_an_evaluation_that_has_not_ended_is_refused(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    one = write_evaluation(tmp_path / "one", {"one": lines(16)}, **changed)
    two = write_evaluation(tmp_path / "two", {"two": lines(4)})
    with pytest.raises(InputError, match=said):
        compare_folders([one, two], tmp_path / "out", OPTIONS)


def test_one_set_of_answers_is_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 set of answers is nothing to compare"):
        compare_folders([write_evaluation(tmp_path / "one", {"one": lines(16)})], tmp_path / "out", OPTIONS)


def test_an_arm_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="against=best: no such arm; choose one of tuned, base"):
        compare_folders(folders(tmp_path), tmp_path / "out", OPTIONS, against="best")


def test_without_a_judge_only_the_scores_are_compared(tmp_path: Path) -> None:
    one = write_evaluation(tmp_path / "one", {"one": lines(16)}, judged=False)
    two = write_evaluation(tmp_path / "two", {"two": lines(4)}, judged=False)
    found = compare_folders([one, two], tmp_path / "out", OPTIONS)
    assert "grade" not in found.summary.lower()
    assert not (tmp_path / "out" / "grades.png").exists()


def test_answers_without_references_are_compared_by_their_grades(tmp_path: Path) -> None:
    plain = [Line(f"i{n}", f"t{n}", None, None, "ABCD"[n % 4]) for n in range(12)]
    better = [Line(f"i{n}", f"t{n}", None, None, "AABC"[n % 4]) for n in range(12)]
    one = write_evaluation(tmp_path / "one", {"one": better})
    two = write_evaluation(tmp_path / "two", {"two": plain})
    found = compare_folders([one, two], tmp_path / "out", OPTIONS)
    assert not (tmp_path / "out" / "scores.png").exists()
    with (tmp_path / "out" / "differences.csv").open(encoding="utf-8") as file:
        rows = {row["measure"]: row for row in csv.DictReader(file)}
    assert rows["rouge_l"]["undefined"] == "no item has a value"
    assert rows["grade"]["difference"] == "0.75"  # in three of four items one grade better
    assert "mean grade higher" in found.summary
