"""The worked examples in the shipped prompts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from selfinstruct.novelty import NoveltyIndex
from selfinstruct.prompts import (
    Shots,
    Templates,
)
from tests.prompts.templates import (
    BLOCKED,
)


def shot_instructions(shots: Shots) -> list[str]:
    groups = (shots.classification, shots.input_first, shots.output_first)
    return [shot.instruction for group in groups for shot in group]


def test_the_general_shots_have_the_papers_counts(presets: dict[str, Templates]) -> None:
    answers = [shot.answer for shot in presets["paper"].shots.classification]
    assert (answers.count("Yes"), answers.count("No")) == (12, 19)
    assert presets["chat"].shots == presets["paper"].shots


@pytest.mark.parametrize("name", ("paper", "bdd"))
def test_shots_pass_the_filters_and_differ_from_each_other(name: str, presets: dict[str, Templates]) -> None:
    index = NoveltyIndex()
    for instruction in shot_instructions(presets[name].shots):
        assert len(instruction.split()) > 3 and not BLOCKED.search(instruction)
        assert instruction[0].isascii() and instruction[0].isalnum()
        assert not index.is_above(instruction, 0.7), instruction
        index.add(instruction)


@pytest.mark.shared
def test_no_shot_is_a_published_seed_task(presets: dict[str, Templates], shared_data: Path) -> None:
    index = NoveltyIndex()
    for path in sorted(shared_data.glob("*/*seed_tasks.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            index.add(json.loads(line)["instruction"])
    assert len(index) >= 175
    for name in ("paper", "bdd"):
        for instruction in shot_instructions(presets[name].shots):
            assert index.describe(instruction).max_score < 0.7, instruction


def test_python_in_the_shots_of_the_domain_study_matches_every_step(presets: dict[str, Templates]) -> None:
    checked = 0
    for shot in presets["bdd"].shots.input_first:
        for step in re.findall(r"^  (?:Given|When|Then|And) (.*)$", shot.instruction, re.MULTILINE):
            code = shot.examples[0].output
            compile(code, shot.instruction, "exec")
            patterns = [match[2] for match in re.finditer(r"@\w+\((['\"])(.*)\1\)", code)]
            found = [p for p in patterns if re.fullmatch(re.sub(r"\\\{.*?\\\}", ".+", re.escape(p)), step)]
            assert len(found) == 1, step
            checked += 1
    assert checked == 7
