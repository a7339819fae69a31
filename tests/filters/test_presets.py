"""The presets in conf/filters/ compose, have no key too many or too few, and hold the published numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter, ValidationError

from selfinstruct.filters import InstanceThresholds, InstructionThresholds, judge_instances, judge_instruction
from selfinstruct.records import Pair, PairItem

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "filters"
PAPER_WORDS = "image images graph graphs picture pictures file files map maps draw plot"


@dataclass(frozen=True)
class Filters:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    instruction: InstructionThresholds
    instance: InstanceThresholds


def compose(name: str, *overrides: str) -> Any:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        return OmegaConf.to_container(compose(name, overrides=list(overrides)), resolve=True)


def load(name: str, *overrides: str) -> Filters:
    return TypeAdapter(Filters).validate_json(json.dumps(compose(name, *overrides)), strict=True)


def test_every_preset_is_known_here() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == ["alpaca", "bdd", "off", "paper"]


def test_paper_holds_the_published_thresholds() -> None:
    paper = load("paper").instruction
    assert (paper.min_words, paper.max_words, paper.max_rouge_l, paper.tokenizer) == (4, 150, 0.7, "rouge")
    assert paper.blocked_words == (*PAPER_WORDS.split(), "go to")
    assert paper.blocked_prefixes == ("Write a program",)
    assert (paper.starts_with_punctuation, paper.starts_with_non_ascii) == (True, True)
    assert load("paper").instance == InstanceThresholds(True, True, True, True, True)


def test_alpaca_adds_five_words_to_paper() -> None:
    paper, alpaca = load("paper"), load("alpaca")
    added = ("video", "audio", "music", "flowchart", "diagram")
    assert alpaca.instruction.blocked_words == paper.instruction.blocked_words + added
    assert alpaca.instance == paper.instance


def test_bdd_allows_longer_instructions_about_anything() -> None:
    bdd = load("bdd").instruction
    assert (bdd.min_words, bdd.max_words, bdd.blocked_words, bdd.blocked_prefixes) == (21, 500, (), ())
    assert (bdd.max_rouge_l, bdd.starts_with_punctuation) == (0.7, True)
    assert judge_instruction("word " * 20, bdd).rule == "too_short"
    assert judge_instruction("Open the file: " + "word " * 18, bdd).is_kept
    assert judge_instruction("word " * 500, bdd).is_kept
    assert judge_instruction("word " * 501, bdd).rule == "too_long"


def test_off_keeps_everything_but_an_empty_instruction() -> None:
    off = load("off")
    assert judge_instruction("É", off.instruction).is_kept
    assert judge_instruction("", off.instruction).rule == "empty"
    [verdict] = judge_instances([PairItem(Pair("", ""), "raw")], off.instance)
    assert verdict.is_kept


def test_a_threshold_is_swept_by_its_key() -> None:
    assert load("paper", "instruction.max_rouge_l=0.5").instruction.max_rouge_l == 0.5
    assert load("paper", "instruction.blocked_words=[tree]").instruction.blocked_words == ("tree",)


@pytest.mark.parametrize(
    "override",
    [
        "instruction.max_rouge_l=1.01",
        "instruction.max_rouge_l=-0.01",
        "instruction.min_words=-1",
        "instruction.tokenizer=bert",
        "+instruction.max_rouge=0.5",
        "+instance.dupes=true",
        "~instance.duplicate",
    ],
)
def test_a_threshold_out_of_range_or_an_unknown_key_is_refused(override: str) -> None:
    with pytest.raises(ValidationError):
        load("paper", override)


@pytest.mark.parametrize(
    "override", ["instruction.max_rouge_l=0.0", "instruction.max_rouge_l=1.0", "instruction.min_words=0"]
)
def test_the_ends_of_a_range_are_allowed(override: str) -> None:
    load("paper", override)
