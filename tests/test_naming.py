"""What makes two runs the same, what they are called, and what a tracker is told of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct import naming
from selfinstruct.seeds import load_seeds
from tests.configs import (
    DATABASE,
    LIGHT,
    identity,
    identity_of,
    load,
    shipped,
)

DETERMINING = [
    "model.name=offline/other",
    "model.revision='2'",
    "model.options.imitation=0.4",
    "model.options.rates.refusal=0.25",
    "prompts=bdd",
    "prompts/shots=bdd",
    "prompts.instructions.template='{% for example in examples %}{% endfor %} {{ next_number }}.'",
    "prompts.classification.system=Answer.",
    "prompts.input_first.temperature=0.5",
    "prompts.output_first.stop=[END]",
    "prompts.compatibility=published",
    "prompts.structured=always",
    "filters=alpaca",
    "filters.instruction.max_rouge_l=0.6",
    "filters.instruction.min_words=5",
    "filters.instance.duplicate=false",
    "generation.target=101",
    "generation.lookahead=31",
    "generation.seed_examples=5",
    "generation.max_instances=4",
    "random_seed=43",
    "store.sample=1",
    "seeds=bdd_high",
]
INCIDENTAL = [
    "limits.max_concurrency=1",
    "limits.max_cost_usd=5",
    "limits.timeout_s=1",
    "tracking=off",
    "tracking.experiment=other",
    "run_dir=elsewhere",
    "name=other",
    "study=other",
    f"store.url={DATABASE}",
    "model.api_base=http://127.0.0.1:1/v1",
    "model.api_key_env=PATH",
    "model.input_cost_per_token=0.5",
    "model.output_cost_per_token=null",
    "export=self_instruct",
    "export.shuffle=false",
    "seeds.name=other",
    "seeds.quality=other",
]


def test_whatever_determines_the_dataset_changes_the_identity() -> None:
    found = {override: identity(override) for override in DETERMINING} | {"": identity_of(shipped())}
    assert len(set(found.values())) == len(DETERMINING) + 1, found
    assert all(re.fullmatch(r"[0-9a-f]{12}", value) for value in found.values())


@pytest.mark.parametrize("override", INCIDENTAL)
def test_what_does_not_determine_the_dataset_leaves_the_identity_alone(override: str) -> None:
    config = load(LIGHT, override)
    assert config != load(LIGHT)
    assert identity_of(config) == identity(LIGHT)


def test_a_number_may_be_written_with_or_without_a_decimal_point() -> None:
    key = "prompts.instructions.temperature"
    assert identity(f"{key}=1") == identity(f"{key}=1.0") != identity_of(shipped())


def test_the_content_of_the_seeds_counts_and_not_where_they_are(tmp_path: Path) -> None:
    config = shipped()
    text = Path(config.seeds.path).read_text(encoding="utf-8")
    first = json.loads(text.splitlines()[0])["instruction"]
    (tmp_path / "copy.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "edited.jsonl").write_text(text.replace(first, f"{first} Please.", 1), encoding="utf-8")
    copy, edited = (load_seeds(tmp_path / name, "mine", "high") for name in ("copy.jsonl", "edited.jsonl"))
    assert naming.run_identity(config, copy) == identity_of(shipped())
    assert naming.run_identity(config, edited) != identity_of(shipped())


# Names and params


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("mine", "mine"),
        ("a b/c:d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        ("v1.2_x-y", "v1.2_x-y"),
        ("Zürich", "Z-rich"),
        ("日本", "run"),
        ("...", "run"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 100),
        ("x" * 99 + "--", "x" * 99),
    ],
)
def test_a_run_folder_is_named_safely(name: str, slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = replace(shipped(), name=name)
    assert naming.run_name(config) == slug
    assert naming.run_folder(config, "0123456789ab") == tmp_path / "runs" / f"{slug}-0123456789ab"


def test_a_run_without_a_name_is_called_after_seeds_and_model() -> None:
    config = load("model.name=offline/family/grammar:8b", "seeds=bdd_high")
    assert naming.run_name(config) == "bdd_high-grammar-8b"


def test_a_declared_run_folder_is_taken_from_here_or_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    config = shipped()
    assert naming.run_folder(replace(config, run_dir="a/b"), "id") == tmp_path / "a/b"
    assert naming.run_folder(replace(config, run_dir="~/b"), "id") == Path("/home/me/b")
    assert naming.run_folder(replace(config, run_dir="/b"), "id") == Path("/b")


@pytest.mark.parametrize("prompts", ["chat", "paper", "alpaca", "bdd"])
def test_params_are_scalars_without_template_texts(prompts: str) -> None:
    config = load(f"prompts={prompts}", "run_dir=x")
    params = naming.flat_params(config)
    assert all(value is None or type(value) in {str, int, float, bool} for value in params.values()), params
    assert json.loads(json.dumps(params, allow_nan=False)) == params
    shown = json.dumps(params)
    for stage in (config.prompts.instructions, config.prompts.input_first):
        assert stage is None or json.dumps(stage.template[:40])[1:-1] not in shown
    assert re.fullmatch(r"[0-9a-f]{12}", params["prompts.instructions.template"])
    assert max(len(str(value)) for value in params.values()) < 500


def test_params_say_what_was_declared() -> None:
    params = naming.flat_params(load("filters.instruction.blocked_words=[draw, 'go to']", "store.sample=3"))
    assert params["generation.target"] == 100
    assert params["filters.instruction.max_rouge_l"] == 0.7
    assert params["filters.instruction.blocked_words"] == '["draw", "go to"]'
    assert params["model.options.rates.refusal"] == 0.005
    assert params["store.sample"] == 3
    assert params["prompts.instructions.stop"] == "[]"


def test_params_tell_templates_and_examples_apart() -> None:
    def changed(*overrides: str) -> set[str]:
        before, after = naming.flat_params(shipped()), naming.flat_params(load(*overrides))
        return {key for key in before if before[key] != after[key]}

    assert changed("prompts/shots=bdd") == {"prompts.shots"}
    assert changed("prompts.classification.template=Really?") == {"prompts.classification.template"}
    assert changed("prompts.classification.system=Answer.") == {"prompts.classification.system"}
    assert changed("random_seed=7") == {"random_seed"}


def test_params_leave_out_where_things_are_kept() -> None:
    params = naming.flat_params(load(f"store.url={DATABASE}", "tracking.uri=http://tracker.example"))
    assert not [key for key in params if key.startswith(("store.url", "tracking"))]
    assert "example" not in json.dumps(params).replace("machine_examples", "").replace("seed_examples", "")
