"""The items behind the numbers of a run: what counts, what is missing, and which request each came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfinstruct.compare import run_items as names
from selfinstruct.compare.arms import Arm
from selfinstruct.compare.run_folders import read_runs
from selfinstruct.compare.run_items import ArmItems, read_items
from selfinstruct.compare.run_tables import metric_of, metric_table
from selfinstruct.errors import InputError
from selfinstruct.statistics import Clustered, Count
from tests.compare.folders import lines, write_run


def items(*folders: Path) -> ArmItems:
    other = write_run(folders[0].with_name("other"))
    return read_items(Arm("arm", tuple(read_runs([*folders, other])[:-1])))


def test_rates_by_hand(tmp_path: Path) -> None:
    rates = items(write_run(tmp_path / "a")).rates
    # five candidates were judged; the sixth was answered after the target was reached
    assert rates[names.ACCEPTED].count == Count(3, 5)
    assert rates[names.ACCEPTED].by_request == Clustered((2.0, 1.0), (3, 2))
    assert rates[names.TOO_SIMILAR].by_request == Clustered((1.0, 0.0), (3, 2))
    assert rates[names.CLASSIFICATION].by_request == Clustered((0.0, 1.0), (2, 1))
    assert rates[names.WITH_INSTANCE].by_request == Clustered((1.0, 1.0), (2, 1))
    assert rates[names.INSTANCES_KEPT].by_request == Clustered((1.0, 2.0), (2, 2))
    assert rates[names.EMPTY_INPUT].by_request == Clustered((1.0, 0.0), (1, 2))


def test_means_by_hand(tmp_path: Path) -> None:
    means = items(write_run(tmp_path / "a")).means
    assert means[names.PER_REQUEST] == Clustered((2.0, 1.0), (1, 1))  # not the third request
    assert means[names.PER_INSTRUCTION] == Clustered((1.0, 2.0), (2, 1))
    assert means[names.INSTRUCTION_WORDS] == Clustered((8.0, 4.0), (2, 1))
    assert means[names.INPUT_WORDS] == Clustered((5.0,), (2,))  # "a lovely place", "never again"
    assert means[names.OUTPUT_WORDS] == Clustered((3.0, 2.0), (1, 2))
    assert means[names.TO_POOL] == Clustered((1.0, 0.5), (2, 1))  # 0.5 each
    # "name three red fruits" against the seed "name a fruit": one token of 4 and 3: F = 2 / 7
    assert means[names.TO_SEEDS].sums[0] == pytest.approx(2 / 7)


def test_an_unreadable_answer_is_missing_and_not_a_no(tmp_path: Path) -> None:
    rate = items(write_run(tmp_path / "a", unreadable=1)).rates[names.CLASSIFICATION]
    assert rate.count == Count(1, 2, missing=1)
    assert rate.by_request == Clustered((0.0, 1.0), (1, 1), 1)


def test_a_folder_that_wrote_no_for_unreadable_is_counted_by_its_manifest(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", unreadable=1)
    (folder / "instructions.jsonl").write_text((folder / "instructions.jsonl").read_text().replace("null", "false"))
    rate = items(folder).rates[names.CLASSIFICATION]
    assert rate.count == Count(1, 2, missing=1)
    assert rate.by_request is None  # the folder does not say which of them it was


def test_the_same_request_of_two_runs_is_two_clusters(tmp_path: Path) -> None:
    rate = items(write_run(tmp_path / "a"), write_run(tmp_path / "b", random_seed=2)).rates[names.ACCEPTED]
    assert rate.by_request == Clustered((2.0, 1.0, 2.0, 1.0), (3, 2, 3, 2))
    assert rate.count == Count(6, 10)


def test_without_similarities_and_seeds_these_means_are_missing(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", seeds=())
    record = {"instruction": "name three red fruits", "request_idx": 0, "is_classification": None, "most_similar": {}}
    lines(folder / "instructions.jsonl", [record])
    lines(folder / "instances.jsonl", [])
    lines(folder / "dropped.jsonl", [])
    means = items(folder).means
    assert means[names.TO_POOL] == Clustered((), (), 1)
    assert means[names.TO_SEEDS] == Clustered((), (), 1)
    assert means[names.OUTPUT_WORDS] == Clustered((), (), 0)


def test_likeness_to_the_seeds_is_measured_with_the_tokenizer_that_judged_novelty(tmp_path: Path) -> None:
    # "rouge" sees no letter of either text; "unicode" finds two words of three in both: F = 2/3
    folder = write_run(tmp_path / "a", seeds=("Назови любой запах",))
    record = {"instruction": "Назови любой цвет", "request_idx": 0, "is_classification": None, "most_similar": {}}
    lines(folder / "instructions.jsonl", [record])
    lines(folder / "instances.jsonl", [])
    lines(folder / "dropped.jsonl", [])
    assert items(folder).means[names.TO_SEEDS].sums == (0.0,)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["thresholds"] = {"instruction": {"tokenizer": "unicode"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    tmp_path.joinpath("other").rename(tmp_path / "moved")
    assert items(folder).means[names.TO_SEEDS].sums == (pytest.approx(2 / 3),)


def test_an_instance_of_no_known_instruction_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    lines(folder / "dropped.jsonl", [{"instruction": "nobody wrote this"}])
    with pytest.raises(InputError, match=r"dropped.jsonl:1: its instruction is not in instructions.jsonl"):
        items(folder)


def test_a_rule_that_never_objected_counts_as_0_and_what_does_not_exist_stays_absent(tmp_path: Path) -> None:
    metrics = {"funnel.candidates": 10.0, "funnel.candidates.too_short": 4.0, "funnel.share.too_short": 0.4}
    other = {"funnel.candidates": 20.0, "cost.usd": 1.5}
    one = write_run(tmp_path / "a", metrics=metrics)
    first, second = read_runs([one, write_run(tmp_path / "b", metrics=other)])
    assert metric_of(second, "funnel.candidates.too_short") == 0.0
    assert metric_of(second, "funnel.share.too_short") == 0.0
    assert metric_of(first, "cost.usd") is None
    assert metric_of(second, "funnel.pairs.duplicate") is None  # it has no pairs at all
    rows = {row[0]: row[1:] for row in metric_table([Arm("x", (first,)), Arm("y", (second,))]).rows}
    assert rows["cost.usd"] == ("-", "1.50")
    assert rows["funnel.candidates.too_short"] == ("4", "0")
    pooled = {row[0]: row[1:] for row in metric_table([Arm("x", (first, second))]).rows}
    assert pooled["funnel.candidates.too_short"] == ("2 (0 to 4)",)
    assert pooled["cost.usd"] == ("1.50, 1 of 2 runs",)
