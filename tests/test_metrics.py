from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write
from selfinstruct.metrics import MAX_POINTS, measure, series, write_report_metrics
from selfinstruct.report.explained import EXPLAINED
from tests.conftest import ROOT

SEEDS = ["Name a colour.", "Sort the list of numbers."]
INSTRUCTIONS = [
    {"instruction": "Name a smell.", "most_similar": {"Name a colour.": 0.5, "Sort the list of numbers.": 0.1}},
    {"instruction": "Sort numbers.", "most_similar": {"Sort the list of numbers.": 0.7}},
    {"instruction": "Write a poem.", "most_similar": {}},
]
INSTANCES = [
    {"instruction": "Name a smell.", "input": "", "output": "Smoke"},
    {"instruction": "Name a smell.", "input": "  ", "output": "Fresh bread"},
    {"instruction": "Sort numbers.", "input": "2 1", "output": "one and two"},
    {"instruction": "Sort numbers.", "input": "4 3 2 1", "output": "1 2 3 4 in order"},
]
MANIFEST: dict[str, Any] = {
    "counts": {
        "requests": {"instructions": 4, "classification": 3, "instances": 3},
        "candidates": 12,
        "judged": 12,
        "accepted": 3,
        "candidate_rules": {"kept": 3, "too_similar": 6, "too_short": 3},
        "classification": {"yes": 1, "no": 3, "unreadable": 1},
        "pairs": 5,
        "instances": 4,
        "instance_rules": {"kept": 4, "empty_output": 1},
        "target": 3,
        "parsing": {
            "instructions": {"answers": 4, "read": 3, "items": 12, "dropped": {"truncated": 2, "refused": 1}},
            "classification": {"answers": 3, "read": 2, "items": 3, "dropped": {"unreadable": 1}},
        },
    },
    "usage": {
        "instructions": {
            "requests": 4,
            "prompt_tokens": 400,
            "completion_tokens": 100,
            "cost_usd": 0.03,
            "unpriced": 0,
            "uncounted": 0,
            "in_vain": 1,
        },
        "instances": {
            "requests": 3,
            "prompt_tokens": 200,
            "completion_tokens": 50,
            "cost_usd": 0.01,
            "unpriced": 0,
            "uncounted": 0,
            "in_vain": 0,
        },
    },
    "cost_usd": 0.06,
}


def _folder(
    tmp_path: Path,
    instructions: Iterable[Mapping[str, Any]] = INSTRUCTIONS,
    instances: Iterable[Mapping[str, Any]] = INSTANCES,
) -> Path:
    write(tmp_path / "instructions.jsonl", instructions)
    write(tmp_path / "instances.jsonl", instances)
    return tmp_path


def _manifest(**changes: Any) -> dict[str, Any]:
    return {**MANIFEST, **changes}


def test_the_funnel_gives_counts_and_shares_that_add_up_to_one(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path), MANIFEST, SEEDS)
    assert {name: value for name, value in metrics.items() if name.startswith("funnel.")} == {
        "funnel.accepted": 3,
        "funnel.instances": 4,
        "funnel.candidates": 12,
        "funnel.candidates.kept": 3,
        "funnel.candidates.too_similar": 6,
        "funnel.candidates.too_short": 3,
        "funnel.share.kept": 3 / 12,
        "funnel.share.too_similar": 6 / 12,
        "funnel.share.too_short": 3 / 12,
        "funnel.pairs": 5,
        "funnel.pairs.kept": 4,
        "funnel.pairs.empty_output": 1,
        "funnel.pairs_share.kept": 4 / 5,
        "funnel.pairs_share.empty_output": 1 / 5,
    }


def test_yield_and_classification_are_ratios_of_counts(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path), MANIFEST, SEEDS)
    assert metrics["yield.per_request"] == 3 / 4  # accepted by bootstrap requests
    assert metrics["yield.acceptance_rate"] == 3 / 12
    assert metrics["classification.share"] == 1 / 4  # yes among yes and no; the unreadable answer stands beside it
    assert metrics["classification.unreadable"] == 1


def test_lengths_are_means_in_words_and_blank_inputs_are_no_inputs(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path), MANIFEST, SEEDS)
    assert metrics["length.instruction_words_mean"] == (3 + 2 + 3) / 3
    assert metrics["length.input_words_mean"] == (2 + 4) / 2
    assert metrics["length.output_words_mean"] == (1 + 2 + 3 + 6) / 4
    assert metrics["instances.per_instruction"] == 4 / 3
    assert metrics["instances.empty_input_share"] == 2 / 4


def test_diversity_is_the_highest_rouge_l_to_the_seeds_and_to_the_pool(tmp_path: Path) -> None:
    # name a (smell|colour): 2 of 3 and 3 tokens, F 2/3. sort numbers: 2 of 2 and 5, P 1, R 2/5, F 4/7.
    # write a poem: "a" of 3 and 3 tokens, F 1/3.
    metrics = measure(_folder(tmp_path), MANIFEST, SEEDS)
    assert metrics["diversity.rouge_l_to_seeds_mean"] == pytest.approx((2 / 3 + 4 / 7 + 1 / 3) / 3)
    assert metrics["diversity.rouge_l_to_seeds_median"] == pytest.approx(4 / 7)
    assert metrics["diversity.rouge_l_to_seeds_max"] == pytest.approx(2 / 3)
    assert metrics["diversity.rouge_l_to_pool_mean"] == pytest.approx((0.5 + 0.7) / 2)


def test_usage_and_costs_are_sums_and_costs_by_what_they_bought(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path), MANIFEST, SEEDS)
    assert metrics["usage.instructions.requests"] == 4
    assert metrics["usage.instructions.in_vain"] == 1
    assert metrics["usage.instances.prompt_tokens"] == 200
    assert metrics["usage.instances.completion_tokens"] == 50
    assert metrics["usage.instances.cost_usd"] == 0.01
    assert metrics["usage.total_tokens"] == 400 + 100 + 200 + 50
    assert metrics["cost.usd"] == 0.06
    assert metrics["cost.per_accepted_usd"] == 0.06 / 3
    assert metrics["cost.per_instance_usd"] == 0.06 / 4
    assert metrics["usage.per_accepted.prompt_tokens"] == (400 + 200) / 3
    assert metrics["usage.per_accepted.completion_tokens"] == (100 + 50) / 3
    assert metrics["usage.per_instance.prompt_tokens"] == (400 + 200) / 4
    assert metrics["usage.per_instance.completion_tokens"] == (100 + 50) / 4


def test_the_parse_yield_of_a_stage_is_the_share_of_its_answers_that_were_read(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path), MANIFEST, SEEDS)
    assert {name: value for name, value in metrics.items() if name.startswith("parse.")} == {
        "parse.yield.instructions": 3 / 4,
        "parse.answers.instructions": 4,
        "parse.items.instructions": 12,
        "parse.dropped.instructions.truncated": 2,
        "parse.dropped.instructions.refused": 1,
        "parse.yield.classification": 2 / 3,
        "parse.answers.classification": 3,
        "parse.items.classification": 3,
        "parse.dropped.classification.unreadable": 1,
    }


def test_a_stage_without_answers_and_a_manifest_without_parsing_have_no_parse_yield(tmp_path: Path) -> None:
    silent = {"instances": {"answers": 0, "read": 0, "items": 0, "dropped": {}}}
    metrics = measure(_folder(tmp_path), _manifest(counts={**MANIFEST["counts"], "parsing": silent}), SEEDS)
    assert not [name for name in metrics if name.startswith("parse.yield")]
    assert metrics["parse.answers.instances"] == 0
    earlier = {name: value for name, value in MANIFEST["counts"].items() if name != "parsing"}
    metrics = measure(_folder(tmp_path), _manifest(counts=earlier), SEEDS)
    assert not [name for name in metrics if name.startswith("parse.")]


def test_a_price_that_nobody_knows_is_absent_and_counted(tmp_path: Path) -> None:
    usage = {**MANIFEST["usage"], "instances": {**MANIFEST["usage"]["instances"], "unpriced": 2}}
    metrics = measure(_folder(tmp_path), _manifest(usage=usage, cost_usd=None), SEEDS)
    assert not [name for name in metrics if name.startswith("cost.")]
    assert "usage.instances.cost_usd" not in metrics
    assert metrics["usage.instances.unpriced"] == 2
    assert metrics["usage.instructions.cost_usd"] == 0.03


def test_a_run_that_cost_nothing_has_a_cost_of_zero(tmp_path: Path) -> None:
    assert measure(_folder(tmp_path), _manifest(cost_usd=0.0), SEEDS)["cost.per_accepted_usd"] == 0.0


def test_tokens_that_the_provider_did_not_count_are_absent(tmp_path: Path) -> None:
    silent = {**MANIFEST["usage"]["instances"], "prompt_tokens": 120, "completion_tokens": 30, "uncounted": 1}
    metrics = measure(_folder(tmp_path), _manifest(usage={**MANIFEST["usage"], "instances": silent}), SEEDS)
    assert "usage.instances.prompt_tokens" not in metrics
    assert "usage.total_tokens" not in metrics
    assert not [name for name in metrics if name.startswith(("usage.per_accepted", "usage.per_instance"))]
    assert metrics["usage.instances.uncounted"] == 1
    assert metrics["usage.instances.requests"] == 3
    assert metrics["usage.instructions.prompt_tokens"] == 400


def test_what_is_undefined_in_an_empty_run_is_absent(tmp_path: Path) -> None:
    counts = {
        "requests": {},
        "candidates": 0,
        "judged": 0,
        "accepted": 0,
        "candidate_rules": {},
        "classification": {"yes": 0, "no": 0, "unreadable": 0},
        "pairs": 0,
        "instances": 0,
        "instance_rules": {},
        "target": 3,
    }
    metrics = measure(_folder(tmp_path, [], []), {"counts": counts, "usage": {}, "cost_usd": 0.0}, SEEDS)
    assert metrics == {
        "funnel.accepted": 0,
        "funnel.instances": 0,
        "funnel.candidates": 0,
        "funnel.pairs": 0,
        "cost.usd": 0,
    }


def test_without_seeds_there_is_no_distance_to_them(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path), MANIFEST, [])
    assert not [name for name in metrics if "to_seeds" in name]
    assert "diversity.rouge_l_to_pool_mean" in metrics


def test_likeness_to_the_seeds_is_measured_with_the_tokenizer_that_judged_novelty(tmp_path: Path) -> None:
    # "rouge" sees no letter of either text; "unicode" finds two words of three in both: F = 2/3
    folder = _folder(tmp_path, [{"instruction": "Назови любой цвет", "most_similar": {"Назови любой запах": 0.66}}], [])
    manifest = _manifest(thresholds={"instruction": {"tokenizer": "unicode"}})
    assert measure(folder, manifest, ["Назови любой запах"])["diversity.rouge_l_to_seeds_mean"] == pytest.approx(2 / 3)
    assert measure(folder, MANIFEST, ["Назови любой запах"])["diversity.rouge_l_to_seeds_mean"] == 0.0


def test_without_inputs_there_is_no_mean_input(tmp_path: Path) -> None:
    metrics = measure(_folder(tmp_path, instances=INSTANCES[:2]), MANIFEST, SEEDS)
    assert "length.input_words_mean" not in metrics
    assert metrics["instances.empty_input_share"] == 1.0


def test_only_unreadable_answers_give_no_share(tmp_path: Path) -> None:
    counts = {**MANIFEST["counts"], "classification": {"yes": 0, "no": 0, "unreadable": 5}}
    metrics = measure(_folder(tmp_path), _manifest(counts=counts), SEEDS)
    assert "classification.share" not in metrics
    assert metrics["classification.unreadable"] == 5


def test_every_metric_is_a_finite_number_with_a_name_that_a_tracker_takes(tmp_path: Path) -> None:
    for name, value in measure(_folder(tmp_path), MANIFEST, SEEDS).items():
        assert isinstance(value, float) and math.isfinite(value), name
        assert name.replace(".", "").replace("_", "").isalpha(), name


def test_a_folder_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"instructions\.jsonl: no such file"):
        measure(tmp_path, MANIFEST, SEEDS)


def _requests(tmp_path: Path, count: int, cost_usd: float | None = 0.5) -> Path:
    records = [
        {"request": i, "candidates": 4, "judged": 4, "accepted": 1, "accepted_total": i + 1, "cost_usd": cost_usd}
        for i in range(count)
    ]
    write(tmp_path / "requests.jsonl", records)
    return tmp_path


def test_series_run_over_requests(tmp_path: Path) -> None:
    records = [
        {"request": 0, "candidates": 0, "judged": 0, "accepted": 0, "accepted_total": 0, "cost_usd": 0.5},
        {"request": 1, "candidates": 8, "judged": 8, "accepted": 2, "accepted_total": 2, "cost_usd": 0.25},
        {"request": 2, "candidates": 2, "judged": 2, "accepted": 1, "accepted_total": 3, "cost_usd": 0.25},
    ]
    write(tmp_path / "requests.jsonl", records)
    assert series(tmp_path) == {
        "series.accepted_total": [(0, 0.0), (1, 2.0), (2, 3.0)],
        "series.acceptance_rate": [(1, 2 / 8), (2, 3 / 10)],  # before any candidate there is no rate
        "series.yield_per_request": [(0, 0.0), (1, 2 / 2), (2, 3 / 3)],
        "series.cost_usd": [(0, 0.5), (1, 0.75), (2, 1.0)],
        "series.cost_per_accepted_usd": [(1, 0.75 / 2), (2, 1.0 / 3)],  # before anything is accepted it has no price
    }


def test_the_series_of_new_words_counts_each_word_once_and_none_of_the_seeds(tmp_path: Path) -> None:
    folder = _requests(tmp_path, 3)
    write(folder / "seeds.jsonl", [{"instruction": "name a colour"}])
    accepted = [(1, "name a smell"), (2, "Name a smell again"), (2, "colour it")]
    write(
        folder / "instructions.jsonl",
        [{"instruction": t, "request_idx": r, "is_classification": None, "most_similar": {}} for r, t in accepted],
    )
    # smell of three words; then also again and it, of 3 + 4 + 2
    assert series(folder)["series.new_word_share"] == [(1, 1 / 3), (2, 3 / 9)]


def test_a_series_of_unknown_cost_is_absent(tmp_path: Path) -> None:
    names = set(series(_requests(tmp_path, 3, cost_usd=None)))
    assert names == {"series.accepted_total", "series.acceptance_rate", "series.yield_per_request"}


def test_a_folder_without_requests_has_no_series(tmp_path: Path) -> None:
    assert series(tmp_path) == {}
    assert series(_requests(tmp_path, 0)) == {}


@pytest.mark.parametrize(
    ("requests", "points"),
    [(1, 1), (499, 499), (500, 251), (998, 500), (999, 251), (20_000, 314)],
    # 499 stay whole. 500: every 2nd is 250, and the last. 998: 499 and the last. 999: 500 would be too many with the
    # last, so every 4th (0 to 996) is 250, and the last. 20,000: every 64th (0 to 19,968) is 313, and the last.
)
def test_a_series_has_at_most_500_points_and_always_the_last(tmp_path: Path, requests: int, points: int) -> None:
    for line in series(_requests(tmp_path, requests)).values():
        assert len(line) == points <= MAX_POINTS
        assert line[-1][0] == requests - 1


def test_a_run_that_goes_on_keeps_the_points_of_its_series(tmp_path: Path) -> None:
    shorter = series(_requests(tmp_path, 700))["series.accepted_total"][:-1]
    longer = series(_requests(tmp_path, 998))["series.accepted_total"]
    assert set(shorter) < set(longer)


def test_the_report_holds_the_metrics_sorted_by_name(tmp_path: Path) -> None:
    path = write_report_metrics(tmp_path, {"yield.per_request": 0.75, "cost.usd": 1.5})
    assert path == tmp_path / "report" / "metrics.json"
    assert path.read_text(encoding="utf-8") == '{\n  "cost.usd": 1.5,\n  "yield.per_request": 0.75\n}\n'
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["cost.usd", "yield.per_request"]


def _documented() -> list[re.Pattern[str]]:
    said = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    names = [
        name for line in said.splitlines() if line.startswith("| `") for name in line.split(" | ")[0].split("`")[1::2]
    ]
    return [re.compile(re.sub(r"<\w+>", "[a-z0-9_]+", re.escape(name).replace(r"\<", "<"))) for name in names]


def test_every_metric_is_in_the_documents_and_every_name_there_is_one(tmp_path: Path) -> None:
    accepted = {"request_idx": 0, "is_classification": None}
    folder = _requests(_folder(tmp_path, [one | accepted for one in INSTRUCTIONS]), 3)
    write(folder / "seeds.jsonl", [{"instruction": "name a colour"}])
    names = {*measure(folder, MANIFEST, SEEDS), *series(folder), *EXPLAINED}
    names |= {f"contamination.exam.{name}" for name in ("share", "tasks", "exact_tasks")}
    documented = _documented()
    assert [name for name in sorted(names) if not any(one.fullmatch(name) for one in documented)] == []
    assert [one.pattern for one in documented if not any(one.fullmatch(name) for name in names)] == []
