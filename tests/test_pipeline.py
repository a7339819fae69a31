"""The pipeline's promises, with a model whose answers depend on the request alone and whose delays on nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from selfinstruct.errors import ProviderError
from selfinstruct.filters import InstanceThresholds, InstructionThresholds
from selfinstruct.pipeline import Plan, generate
from selfinstruct.prompts import Shots, StageTemplate, Templates
from selfinstruct.records import CLASSIFICATION, INSTRUCTIONS, Completion, Pair, Request, SeedTask
from selfinstruct.runs import DONE, DRIED_UP, RunWriter, dataset_sha256
from selfinstruct.stages.instructions import GenerationOptions
from selfinstruct.tally import Tally

WORDS = [f"word{number}" for number in range(400)]
SEEDS = tuple(
    SeedTask(f"seed_{i}", f"seed {i}", f"Describe seed number {i} with care", (Pair("", "text"),), i % 4 == 0)
    for i in range(12)
)


def stage(template: str) -> StageTemplate:
    return StageTemplate("", template, (), 256, 0.7, 1.0, 0.0, 0.0)


TEMPLATES = Templates(
    name="test",
    style="completion",
    form="instructions",
    compatibility="own",
    continues_list=True,
    structured="off",
    instructions=stage("{% for e in examples %}{{ loop.index }}. {{ e.instruction }}\n{% endfor %}{{ next_number }}."),
    classification_only=None,
    classification=stage("Task: {{ instruction }}\nClassification?"),
    input_first=stage("Task: {{ instruction }}\n"),
    output_first=stage("Labels for: {{ instruction }}\n"),
    shots=Shots((), (), ()),
    schemas=None,
)


def options(**changes: int) -> GenerationOptions:
    values = {
        "target": 40,
        "machine_examples": 2,
        "seed_examples": 6,
        "lookahead": 8,
        "max_instances": 2,
        "max_dry_requests": 6,
        "expected_per_request": 5,
        "classification_seeds_only": False,
    }
    return GenerationOptions(**{**values, **changes})  # type: ignore[arg-type]


def plan(**changes: int) -> Plan:
    thresholds = InstructionThresholds(4, 150, (), (), True, True, 0.7, "rouge")
    return Plan(SEEDS, TEMPLATES, options(**changes), thresholds, InstanceThresholds(True, True, True, True, True), 7)


class TestModel:
    """Answers by the hash of the prompt; waits by the clock's whim; fails where it is told to."""

    __test__ = False

    def __init__(self, delay: Callable[[], float] = lambda: 0.0, fail: Callable[[Request, int], bool] | None = None):
        self.delay, self.fail = delay, fail
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        if self.fail and self.fail(request, len(self.requests)):
            raise ProviderError("the key was revoked")
        await asyncio.sleep(self.delay())
        return Completion(self.text(request), "stop", 10, 5, 0.001)

    def text(self, request: Request) -> str:
        chance = random.Random(hashlib.sha256(f"{request.text}{request.repeat}".encode()).digest())
        if request.stage == INSTRUCTIONS:
            items = [" ".join(chance.sample(WORDS, 6)) for _ in range(5)] + ["too short"]
            return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=9))[2:]
        if request.stage == CLASSIFICATION:
            return chance.choice([" Yes", " No", " perhaps"])
        if request.text.startswith("Labels"):
            return "Class label: a\nfirst text\nClass label: b\nsecond text\nClass label: c\nthird text"
        return f"Example 1\nInput: {chance.choice(WORDS)}\nOutput: done\nExample 2\nInput: same\nOutput: same"


class DryModel(TestModel):
    """Says the same thing for ever."""

    def text(self, request: Request) -> str:
        return " always the same instruction here" if request.stage == INSTRUCTIONS else super().text(request)


def run(folder: Path, model: TestModel, the_plan: Plan, followers: int = 4) -> tuple[str, Tally]:
    folder.mkdir(parents=True, exist_ok=True)
    tally = Tally(the_plan.generation.target)
    with RunWriter(folder) as writer:
        status = asyncio.run(generate(the_plan, model, writer, tally, followers))
        writer.finish()
    return status, tally


def lines(folder: Path, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_the_data_does_not_depend_on_timing_or_on_how_much_is_followed_up_at_once(tmp_path: Path) -> None:
    clock = random.Random(1)
    delays: list[Callable[[], float]] = [lambda: 0.0, lambda: clock.random() / 50, lambda: clock.random() ** 8 / 5]
    hashes = set()
    for number, delay in enumerate(delays):
        run(tmp_path / str(number), TestModel(delay), plan(), followers=1 + 5 * number)
        hashes.add(dataset_sha256(tmp_path / str(number)))
        hashes.add((tmp_path / str(number) / "candidates.jsonl").read_text())
    assert len(hashes) == 2


def test_another_random_seed_gives_other_data(tmp_path: Path) -> None:
    from dataclasses import replace

    run(tmp_path / "a", TestModel(), plan())
    run(tmp_path / "b", TestModel(), replace(plan(), random_seed=8))
    assert dataset_sha256(tmp_path / "a") != dataset_sha256(tmp_path / "b")


def test_it_stops_at_exactly_the_target_and_keeps_what_came_after_by_name(tmp_path: Path) -> None:
    status, tally = run(tmp_path, TestModel(), plan(target=23))
    assert status == DONE
    assert len(lines(tmp_path, "instructions.jsonl")) == 23
    # five good ones a request: the fifth request brings numbers 21 to 25, of which two are too many
    assert tally.candidate_rules["target_reached"] >= 2
    assert tally.usage["instructions"].in_vain <= 3


def test_the_funnel_adds_up(tmp_path: Path) -> None:
    _, tally = run(tmp_path, TestModel(), plan())
    counts = tally.counts()
    candidates = lines(tmp_path, "candidates.jsonl")
    assert sum(counts["candidate_rules"].values()) == counts["candidates"] == len(candidates)
    # five good ones and a short one per answer: requests 0 to 6 are judged whole, request 7 brings number 40 just
    # before its short one, and what comes after the target is not judged
    assert counts["candidate_rules"]["too_short"] == 7
    written = len(lines(tmp_path, "instances.jsonl")) + len(lines(tmp_path, "dropped.jsonl"))
    assert sum(counts["instance_rules"].values()) == counts["pairs"] == written
    assert sum(counts["classification"].values()) == counts["accepted"] == 40
    assert counts["classification"]["unreadable"] > 0


def test_an_unreadable_answer_is_recorded_as_missing_and_written_input_first(tmp_path: Path) -> None:
    _, tally = run(tmp_path, TestModel(), plan())
    kinds = {record["instruction"]: record["is_classification"] for record in lines(tmp_path, "instructions.jsonl")}
    unread = {text for text, kind in kinds.items() if kind is None}
    assert len(kinds) == 40
    counted = {answer: list(kinds.values()).count(kind) for answer, kind in (("yes", True), ("no", False))}
    assert tally.counts()["classification"] == {**counted, "unreadable": len(unread)}
    of_unread = [record for record in lines(tmp_path, "instances.jsonl") if record["instruction"] in unread]
    assert of_unread
    for record in of_unread:
        assert record["is_classification"] is None
        assert record["output"] not in {"a", "b", "c"}  # the labels of an output-first answer


def test_classification_tasks_are_written_output_first_and_instances_are_capped(tmp_path: Path) -> None:
    run(tmp_path, TestModel(), plan())
    by_task: dict[object, list[dict[str, object]]] = {}
    for instance in lines(tmp_path, "instances.jsonl"):
        by_task.setdefault(instance["instruction"], []).append(instance)
    for instances in by_task.values():
        assert len(instances) <= 2
        if instances[0]["is_classification"]:
            assert {instance["output"] for instance in instances} <= {"a", "b", "c"}
    dropped = [record for record in lines(tmp_path, "dropped.jsonl") if record["rule"] == "over_max_instances"]
    assert dropped  # three labels were written, two are kept


def test_a_yield_that_dries_up_ends_the_run_with_its_name(tmp_path: Path) -> None:
    status, tally = run(tmp_path, DryModel(), plan())
    assert status == DRIED_UP
    assert tally.candidate_rules["kept"] == 1
    # request 0 brings the one instruction; six dry ones end the planning; those in flight are committed
    assert 7 <= tally.requests["instructions"] <= 7 + 8


def test_the_window_never_plans_beyond_the_lookahead(tmp_path: Path) -> None:
    asked: list[int] = []

    class Watching(TestModel):
        async def complete(self, request: Request) -> Completion:
            if request.stage == INSTRUCTIONS:
                self.requests.append(request)
                asked.append(len(self.requests))
                if len(self.requests) == 1:
                    await asyncio.sleep(0.05)  # while the first answer is missing, only the window is asked
                    assert len(self.requests) == 4
            return Completion(self.text(request), "stop")

    run(tmp_path, Watching(), plan(lookahead=4))


def test_early_prompts_hold_seeds_only_and_later_ones_two_machine_written_examples(tmp_path: Path) -> None:
    model = TestModel()
    run(tmp_path, model, plan(lookahead=1))
    prompts = [request.text for request in model.requests if request.stage == INSTRUCTIONS]
    seeds = {task.instruction for task in SEEDS}
    shown = [[line.split(". ", 1)[1] for line in prompt.splitlines()[:-1]] for prompt in prompts]
    assert [sum(example not in seeds for example in examples) for examples in shown] == [0] + [2] * (len(shown) - 1)
    assert {len(examples) for examples in shown} == {8}


def test_a_stage_that_fails_ends_the_run_and_keeps_what_was_folded(tmp_path: Path) -> None:
    def fail(request: Request, number: int) -> bool:
        return request.stage == CLASSIFICATION and number > 30

    tally = Tally(40)
    with RunWriter(tmp_path) as writer:
        with pytest.raises(ProviderError, match="revoked"):
            asyncio.run(generate(plan(), TestModel(fail=fail), writer, tally, 2))
        writer.finish()
    whole = tmp_path / "whole"
    run(whole, TestModel(), plan())
    kept = lines(tmp_path, "instructions.jsonl")
    assert 0 < len(kept) < 40
    assert kept == lines(whole, "instructions.jsonl")[: len(kept)]


def test_asking_twice_for_the_same_prompt_gives_two_samples(tmp_path: Path) -> None:
    model = TestModel()
    from dataclasses import replace

    one_seed = replace(plan(machine_examples=0, seed_examples=1, target=30), seeds=SEEDS[:1])
    run(tmp_path, model, one_seed)
    repeats = [request.repeat for request in model.requests if request.stage == INSTRUCTIONS]
    assert repeats == list(range(len(repeats)))
    assert len(lines(tmp_path, "instructions.jsonl")) == 30
