"""The 252 user-oriented tasks and the two published files of answers to them: they load, match and score."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from selfinstruct import config as configs
from selfinstruct.evaluation import BenchmarkOptions, read_benchmark, read_predictions, score_items
from selfinstruct.evaluation.scoring import percent
from selfinstruct.jsonl import read
from selfinstruct.shipped import data_root

# Measured 2026-11-21 with this project; test_the_published_answers... works the same out with rouge_score alone
EXPECTED = {
    "davinci-self-instruct": {"rouge_l": 28.1317, "rouge_1": 31.7192, "exact_match": 9.1270},
    "text-davinci-001": {"rouge_l": 29.0001, "rouge_1": 34.3745, "exact_match": 8.3333},
}


def options(path: Path) -> BenchmarkOptions:
    plain = yaml.safe_load((data_root() / "conf" / "benchmark" / "file.yaml").read_text(encoding="utf-8"))
    return configs.build_section(BenchmarkOptions, plain | {"name": "user_tasks", "path": str(path)}, "benchmark")


@pytest.mark.parametrize("model", sorted(EXPECTED))
def test_the_published_answers_are_matched_to_all_tasks_and_score_as_rouge_score_says(
    shared_data: Path, model: str
) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    folder = shared_data / "self-instruct"
    benchmark = read_benchmark(options(folder / "user_oriented_instructions.jsonl"), 42)
    (answers,) = read_predictions([folder / f"{model}_predictions.jsonl"], benchmark)
    assert len(benchmark.items) == 252 and answers.name == model
    assert (answers.missing(benchmark.items), answers.doubled, answers.unknown) == (0, 0, 0)
    scores = score_items(benchmark.items, answers.by_item, "rouge", "left_out")
    found = {name: percent([getattr(one, name) for one in scores]) for name in EXPECTED[model]}
    assert found == EXPECTED[model]
    scorer = RougeScorer(["rougeL", "rouge1"], use_stemmer=True)
    records = [record for _, record in read(folder / f"{model}_predictions.jsonl")]
    oracle = [scorer.score(prediction=record["response"], target=record["target"]) for record in records]
    assert round(100 * sum(one["rougeL"].fmeasure for one in oracle) / 252, 4) == found["rouge_l"]
    assert round(100 * sum(one["rouge1"].fmeasure for one in oracle) / 252, 4) == found["rouge_1"]
    assert round(found["exact_match"] * 252 / 100) == {"davinci-self-instruct": 23, "text-davinci-001": 21}[model]
