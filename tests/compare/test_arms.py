"""Which runs are one arm, what it is called, and which folders can be compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfinstruct.compare.arms import Arms, arms_of
from selfinstruct.compare.run_folders import expand, read_runs
from selfinstruct.errors import InputError
from tests.compare.folders import write_run


def arms(*folders: Path, names: tuple[str, ...] = ()) -> Arms:
    return arms_of(read_runs(folders), names)


def test_runs_that_differ_in_their_random_seed_are_one_arm(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path / f"{threshold}-{seed}", max_rouge_l=threshold, random_seed=seed)
        for threshold in (0.5, 0.7)
        for seed in (1, 2)
    ]
    found = arms(*folders)
    assert [(arm.name, len(arm.runs), arm.swept) for arm in found.arms] == [
        ("max_rouge_l=0.5", 2, 0.5),
        ("max_rouge_l=0.7", 2, 0.7),
    ]
    assert found.swept == "filters.instruction.max_rouge_l"


def test_where_only_the_random_seed_differs_each_run_is_an_arm(tmp_path: Path) -> None:
    found = arms(write_run(tmp_path / "a", random_seed=1), write_run(tmp_path / "b", random_seed=2))
    assert [arm.name for arm in found.arms] == ["random_seed=1", "random_seed=2"]
    assert found.swept is None


def test_runs_that_were_declared_alike_are_named_after_their_folders(tmp_path: Path) -> None:
    found = arms(write_run(tmp_path / "a", max_concurrency=1), write_run(tmp_path / "b", max_concurrency=9))
    assert [arm.name for arm in found.arms] == ["a", "b"]


def test_copies_of_one_run_are_compared_but_never_pooled(tmp_path: Path) -> None:
    run, copy, other = tmp_path / "a" / "run", tmp_path / "b" / "run", tmp_path / "other"
    write_run(other, max_rouge_l=0.5)
    for folder in (run, copy):
        write_run(folder)
    assert len(arms(run, copy).arms) == 2
    with pytest.raises(InputError, match=r"b/run is a copy of .*a/run \(identity run\).* in the arm max_rouge_l=0.7"):
        arms(run, copy, other)


def test_folders_of_the_same_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / parent / "run") for parent in ("a", "b")]
    assert [arm.name for arm in arms(*folders).arms] == [str(folder) for folder in folders]


def test_where_too_much_differs_an_arm_is_called_like_its_first_folder(tmp_path: Path) -> None:
    long = {"model": "a-provider-with-a-name/a-model-with-a-very-long-name", "max_rouge_l": 0.123456789}
    ones = [write_run(tmp_path / f"one-{seed}", random_seed=seed) for seed in (1, 2)]
    others = [write_run(tmp_path / f"two-{seed}", random_seed=seed, seeds=("x y",), **long) for seed in (1, 2)]
    assert [(arm.name, len(arm.runs)) for arm in arms(*ones, *others).arms] == [("one-1", 2), ("two-1", 2)]


def test_a_preset_is_named_by_its_name_and_two_differences_by_both(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a", model="openai/small", max_rouge_l=0.5)
    found = arms(one, write_run(tmp_path / "b", model="openai/large", max_rouge_l=0.7))
    assert [arm.name for arm in found.arms] == [
        "model=openai/small max_rouge_l=0.5",
        "model=openai/large max_rouge_l=0.7",
    ]
    assert found.swept is None


def test_seed_sets_of_one_name_and_other_tasks_are_two_arms(tmp_path: Path) -> None:
    found = arms(write_run(tmp_path / "a"), write_run(tmp_path / "b", seeds=("name a tree",)))
    first, second = (arm.name for arm in found.arms)
    assert first != second
    assert first.startswith("seeds=general-") and second.startswith("seeds=general-")


def test_a_threshold_that_is_off_is_an_arm_and_makes_no_curve(tmp_path: Path) -> None:
    found = arms(write_run(tmp_path / "a", max_rouge_l=0.5), write_run(tmp_path / "b", max_rouge_l="null"))
    assert [arm.name for arm in found.arms] == ["max_rouge_l=0.5", "max_rouge_l=null"]
    assert found.swept is None


def test_given_names_make_the_arms(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / name, max_rouge_l=value) for name, value in (("a", 0.5), ("b", 0.6), ("c", 0.7))]
    found = arms(*folders, names=("strict", "strict", "loose"))
    assert [(arm.name, len(arm.runs)) for arm in found.arms] == [("strict", 2), ("loose", 1)]
    assert found.swept is None  # one arm holds two values
    assert arms(*folders, names=("x", "y", "z")).swept == "filters.instruction.max_rouge_l"
    with pytest.raises(InputError, match="arms: 2 names for 3 runs"):
        arms(*folders, names=("a", "b"))
    with pytest.raises(InputError, match="all runs are same"):
        arms(*folders, names=("same", "same", "same"))


def test_a_sweep_is_its_runs_and_says_which_failed(tmp_path: Path) -> None:
    outcomes = [
        {"run_dir": str(tmp_path / "a"), "exit_code": 0, "overrides": ["x=1"]},
        {"run_dir": str(tmp_path / "b"), "exit_code": 3, "overrides": ["x=2"]},
    ]
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep/sweep.json").write_text(json.dumps(outcomes), encoding="utf-8")
    folders, left_out = expand([tmp_path / "sweep", tmp_path / "c"])
    assert folders == [tmp_path / "a", tmp_path / "c"]
    assert left_out == ["x=2 is left out: it ended with exit code 3."]


def test_what_cannot_be_compared_is_one_clear_error(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one")
    with pytest.raises(InputError, match=r"one run \(.*one\) is nothing to compare; give at least two"):
        read_runs([one])
    with pytest.raises(InputError, match="no run is nothing to compare"):
        read_runs([])
    with pytest.raises(InputError, match=r"nowhere: no such folder"):
        read_runs([one, tmp_path / "nowhere"])
    with pytest.raises(InputError, match="is given twice"):
        read_runs([one, tmp_path / "." / "one"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no manifest.json there"):
        read_runs([one, tmp_path / "empty"])


def test_a_run_that_works_or_was_not_measured_is_refused(tmp_path: Path) -> None:
    one, working = write_run(tmp_path / "one"), write_run(tmp_path / "working", status="running")
    with pytest.raises(InputError, match="working: this run has not ended; repeat its command first"):
        read_runs([one, working])
    bare = write_run(tmp_path / "bare")
    (bare / "report/metrics.json").unlink()
    with pytest.raises(InputError, match=r"bare: no report/metrics.json, so it was not measured"):
        read_runs([one, bare])
    (bare / "report/metrics.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"metrics.json: cannot be read"):
        read_runs([one, bare])
    torn = write_run(tmp_path / "torn")
    (torn / "config.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(InputError, match=r"config.yaml: cannot be read"):
        read_runs([one, torn])


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "null", '"much"', "true"])
def test_a_metric_that_is_no_finite_number_is_named_with_its_file(tmp_path: Path, value: str) -> None:
    one, two = write_run(tmp_path / "a"), write_run(tmp_path / "b", max_rouge_l=0.5)
    (two / "report/metrics.json").write_text(f'{{"cost.usd": 0.5, "x.y": {value}}}', encoding="utf-8")
    with pytest.raises(InputError, match=r"b/report/metrics\.json: x\.y is .*, and no finite number; repeat"):
        read_runs([one, two])
