"""Refilter: the same thresholds give the same data, others give a counterfactual that says what it is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.filters import InstructionThresholds
from selfinstruct.records import Candidate, Verdict
from selfinstruct.refilter import judge_again
from tests.conftest import Command

OFF = InstructionThresholds(None, None, (), (), False, False, None, "rouge")
TEXTS = ["Name a red fruit", "Name a green fruit", "Name a red fruit", "List five rivers of Asia"]


def candidates(*texts: str) -> list[Candidate]:
    return [Candidate(number // 2, number % 2, text, Verdict()) for number, text in enumerate(texts)]


def rules(threshold: float | None, **arguments: Any) -> list[str]:
    from dataclasses import replace

    options = {"similarities": True, "target": None, **arguments}
    judged = judge_again(candidates(*TEXTS), ["Name a blue fruit"], replace(OFF, max_rouge_l=threshold), **options)
    return [one.candidate.verdict.rule for one in judged]


@pytest.mark.parametrize("similarities", [True, False])
def test_candidates_are_judged_in_order_against_seeds_and_what_was_kept_before(similarities: bool) -> None:
    # "Name a X fruit" against "Name a Y fruit": LCS 3 of 4 tokens each way, F = 0.75
    assert rules(0.75, similarities=similarities) == ["kept", "kept", "too_similar", "kept"]
    assert rules(0.74, similarities=similarities) == ["too_similar", "too_similar", "too_similar", "kept"]
    assert rules(None, similarities=similarities) == ["kept"] * 4


def test_a_target_stops_accepting_as_a_live_run_does() -> None:
    assert rules(None, target=2) == ["kept", "kept", "target_reached", "target_reached"]


def test_what_the_reader_objected_to_is_not_judged_again() -> None:
    cut = [Candidate(0, 0, "A text that was cut", Verdict("truncated", "was cut"))]
    (judged,) = judge_again(cut, [], OFF, similarities=True, target=None)
    assert judged.candidate.verdict == Verdict("truncated", "was cut")


def test_similarities_are_recorded_as_in_a_live_run() -> None:
    judged = list(judge_again(candidates(*TEXTS), ["Name a blue fruit"], OFF, similarities=True, target=None))
    assert judged[0].candidate.max_rouge_l == 0.75
    assert judged[0].candidate.most_similar == "Name a blue fruit"
    assert judged[1].instruction is not None
    assert judged[1].instruction.most_similar == {"Name a blue fruit": 0.75, "Name a red fruit": 0.75}
    assert judged[1].instruction.avg_similarity_score == 0.75


RUN = ("run", "generation.target=25", "generation.lookahead=4", "tracking=off", "run_dir=live")


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return content


def test_the_same_thresholds_and_target_give_the_same_data(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct(*RUN)
    ended = selfinstruct("refilter", "run=live", "target=25", "tracking=off", "run_dir=again")
    assert ended.code == 0, ended.err
    assert manifest(tmp_path / "again")["dataset_sha256"] == manifest(tmp_path / "live")["dataset_sha256"]
    assert manifest(tmp_path / "again")["counts"]["newly_kept"] == 0
    answers = manifest(tmp_path / "live")["counts"]["classification"]
    assert manifest(tmp_path / "again")["counts"]["classification"] == answers
    assert answers["unreadable"] > 0


def test_other_thresholds_keep_the_filters_of_the_run_and_change_what_is_named(
    selfinstruct: Command, tmp_path: Path
) -> None:
    selfinstruct(*RUN, "filters.instruction.max_words=18")
    ended = selfinstruct(
        "refilter", "run=live", "filters.instruction.max_rouge_l=0.3", "tracking=off", "run_dir=strict"
    )
    assert ended.code == 0, ended.err
    strict, live = manifest(tmp_path / "strict"), manifest(tmp_path / "live")
    assert strict["thresholds"]["instruction"]["max_words"] == 18
    assert strict["counts"]["candidates"] == live["counts"]["candidates"]
    assert strict["counts"]["candidate_rules"]["too_long"] >= live["counts"]["candidate_rules"]["too_long"]
    assert 0 < strict["counts"]["accepted"] < 25
    assert strict["source"]["identity"] == live["identity"]
    assert "counterfactual" in ended.out


def test_newly_kept_instructions_have_no_instances_and_are_counted(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct(*RUN)
    ended = selfinstruct("refilter", "run=live", "filters=off", "tracking=off", "run_dir=loose")
    counts = manifest(tmp_path / "loose")["counts"]
    assert counts["newly_kept"] == counts["accepted"] - 25 > 0
    assert counts["instructions_without_instances"] >= counts["newly_kept"]
    live = {json.loads(line)["instruction"] for line in (tmp_path / "live/instructions.jsonl").read_text().splitlines()}
    for line in (tmp_path / "loose/instances.jsonl").read_text().splitlines():
        assert json.loads(line)["instruction"] in live
    assert f"{counts['newly_kept']} newly kept" in ended.out


def test_a_sweep_over_the_threshold_decides_all_arms_in_one_pass(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from selfinstruct import refilter_job

    passes: list[list[float]] = []
    real = refilter_job.judge_stream_many

    def counted(seeds: Any, texts: Any, thresholds: list[float], tokenizer: str) -> Any:
        passes.append(thresholds)
        return real(seeds, texts, thresholds, tokenizer)

    monkeypatch.setattr(refilter_job, "judge_stream_many", counted)
    selfinstruct(*RUN)
    sweep = ("filters.instruction.max_rouge_l=0.1,0.3,0.9", "similarities=false")
    ended = selfinstruct("refilter", "-m", "run=live", *sweep)
    assert ended.code == 0, ended.err
    assert passes == [[0.1, 0.3, 0.9]]
    accepted = [manifest(path.parent)["counts"]["accepted"] for path in tmp_path.glob("runs/live*/manifest.json")]
    accepted += [manifest(path.parent)["counts"]["accepted"] for path in tmp_path.glob("runs/*refilter*/manifest.json")]
    assert len(set(accepted)) == 3
    alone = selfinstruct("refilter", "run=live", "filters.instruction.max_rouge_l=0.1", "tracking=off", "run_dir=alone")
    assert alone.code == 0
    assert manifest(tmp_path / "alone")["counts"]["accepted"] == min(accepted)


def test_any_candidate_log_can_be_judged(selfinstruct: Command, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "log.jsonl.gz", "wt", encoding="utf-8") as log:
        for text in TEXTS:
            log.write(json.dumps({"instruction": text}) + "\n")
    command = ("refilter", "source=log.jsonl.gz", "filters=off", "filters.instruction.max_rouge_l=0.5", "tracking=off")
    ended = selfinstruct(*command, "run_dir=judged")
    assert ended.code == 0, ended.err
    kept = [
        json.loads(line)["instruction"] for line in (tmp_path / "judged/instructions.jsonl").read_text().splitlines()
    ]
    assert kept == ["Name a red fruit", "List five rivers of Asia"]


def test_texts_that_the_tokenizer_cannot_see_are_warned_about(selfinstruct: Command, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps({"instruction": "Напиши рассказ о море"}, ensure_ascii=False) + "\n")
    command = ("refilter", "source=log.jsonl", "filters=off", "filters.instruction.max_rouge_l=0.5", "tracking=off")
    assert "1 candidates hold no word that the rouge tokenizer can see" in selfinstruct(*command, "run_dir=a").err
    assert selfinstruct(*command, "run_dir=b", "filters.instruction.tokenizer=unicode").err == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give run=<run folder>, or source=<file"),
        (["run=nowhere"], "no config.yaml there"),
        (["source=nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["source=bad.jsonl"], 'bad.jsonl:1: "instruction" is missing'),
    ],
)
def test_bad_input_gets_one_message(selfinstruct: Command, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "bad.jsonl").write_text('{"task": "x"}\n')
    ended = selfinstruct("refilter", *arguments, "tracking=off")
    assert ended.code == 2
    assert says in ended.err


def test_run_and_refilter_carry_the_same_tags(selfinstruct: Command, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from selfinstruct import __version__

    selfinstruct("run", "generation.target=5", "run_dir=live")
    ended = selfinstruct("refilter", "run=live", "filters.instruction.max_rouge_l=0.5", "run_dir=again")
    assert ended.code == 0, ended.err
    client = MlflowClient(f"sqlite:///{tmp_path}/runs/mlflow.db")
    found = {
        run.data.tags["selfinstruct.verb"]: run.data.tags
        for experiment in client.search_experiments(filter_string="name = 'selfinstruct'")
        for run in client.search_runs([experiment.experiment_id])
    }
    assert set(found) == {"run", "refilter"}
    own = {name for name in found["run"] if name.startswith("selfinstruct.")}
    assert own <= set(found["refilter"])
    told = ("seeds", "seed_quality", "model", "prompts", "version")
    assert {found["refilter"][f"selfinstruct.{name}"] == found["run"][f"selfinstruct.{name}"] for name in told} == {
        True
    }
    assert found["refilter"]["selfinstruct.version"] == __version__
    assert found["refilter"]["selfinstruct.run_dir"] == str(tmp_path / "again")
    card = (tmp_path / "again/export/README.md").read_text()
    assert "For testing only" in card  # the card knows the model whose candidates these are
