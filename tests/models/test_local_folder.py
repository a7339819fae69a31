"""A model folder is known by its contents: not by where it lies, and not by what is only said of it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.models.askable import check_options
from selfinstruct.models.gateway import ModelOptions, identity
from selfinstruct.models.local_folder import find_folder, fingerprint, label


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `save_pretrained` leaves it; the weights are no weights, since nobody looks into them here."""
    made = tmp_path / "tuned-9abc" / "model"
    made.mkdir(parents=True)
    (made / "config.json").write_text('{"hidden_size": 64, "transformers_version": "5.0.0"}')
    (made / "model.safetensors").write_bytes(b"weights")
    (made / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0}}}')
    (made / "README.md").write_text("A model.")
    return made


def options(name: object, api_base: str | None = None, **changed: Any) -> ModelOptions:
    local = {"library": "transformers", "device": "auto", "dtype": "auto", "batch_size": None, "attention": "auto"}
    local |= {"random_seed": 0, "template_options": {}, **changed}  # type: ignore[dict-item]
    return ModelOptions(str(name), "chat", api_base, None, "", None, None, local)


def adapter(target: Path, base: Path) -> Path:
    target.mkdir()
    (target / "adapter_config.json").write_text(json.dumps({"r": 4, "base_model_name_or_path": str(base)}))
    (target / "adapter_model.safetensors").write_bytes(b"small")
    return target


def test_a_copy_elsewhere_is_the_same_model(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert identity(options(tmp_path / "copy")) == identity(options(folder))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", "others!"),
        ("tokenizer.json", '{"model": {"vocab": {"b": 0}}}'),
        ("config.json", '{"hidden_size": 65, "transformers_version": "5.0.0"}'),
        ("chat_template.jinja", "{{ messages }}"),
    ],
)
def test_other_weights_tokens_settings_or_templates_are_another_model(folder: Path, file: str, content: str) -> None:
    before = identity(options(folder))
    (folder / file).write_text(content)
    os.utime(folder / file, ns=(1, 1))  # of the same size and with another time, as after a quick second training
    assert identity(options(folder)) != before


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("README.md", "A better description."),
        ("training_args.bin", "x"),
        ("training.json", '{"metrics": {"loss": 1.5}}'),
        ("config.json", '{"transformers_version": "5.23.0", "_name_or_path": "/elsewhere", "hidden_size": 64}'),
    ],
)
def test_what_is_only_said_of_a_model_does_not_count(folder: Path, file: str, content: str) -> None:
    before = identity(options(folder))
    (folder / file).write_text(content)
    assert identity(options(folder)) == before


def test_an_adapter_counts_with_its_base_wherever_that_lies(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    here, there = adapter(tmp_path / "here", folder), adapter(tmp_path / "there", tmp_path / "copy")
    assert fingerprint(here) == fingerprint(there)
    (tmp_path / "copy" / "model.safetensors").write_bytes(b"other weights")
    assert fingerprint(here) != fingerprint(there)
    (there / "adapter_config.json").write_text('{"r": 4}')
    with pytest.raises(InputError, match="names no base model"):
        fingerprint(there)


def test_what_does_not_change_an_answer_is_no_part_of_the_identity(folder: Path) -> None:
    plain = identity(options(folder))
    assert identity(options(folder, device="cpu", batch_size=3, attention="eager")) == plain
    assert identity(options(folder, dtype="float32")) != plain
    assert identity(options(folder, random_seed=1)) != plain


def test_a_name_of_the_hub_is_not_looked_for_on_this_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert find_folder("Qwen/Qwen3-0.6B") is None
    assert identity(options("Qwen/Qwen3-0.6B"))["name"] == "Qwen/Qwen3-0.6B"
    check_options(options("Qwen/Qwen3-0.6B"))
    check_options(options("model"))
    assert find_folder("./model") == Path("model")


@pytest.mark.parametrize("name", ["gone", "./gone", "/nowhere/at/all", "model/gone", "a/b/c"])
def test_a_folder_that_is_not_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """`model/gone` could be a name of the hub, but there is a folder `model`, so that is what was meant."""
    monkeypatch.chdir(folder.parent)
    with pytest.raises(InputError, match="there is no such folder"):
        check_options(options(name))


def test_a_folder_without_a_model_and_an_address_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="this folder holds no model"):
        check_options(options(folder.parent))
    with pytest.raises(InputError, match="a model in this process has no server"):
        check_options(options(folder, api_base="http://127.0.0.1:1"))


def test_people_read_a_short_name(folder: Path, tmp_path: Path) -> None:
    assert label(str(folder)) == "tuned-9abc"
    assert label(str(tmp_path)) == tmp_path.name
    assert label("Qwen/Qwen3-0.6B") == "Qwen/Qwen3-0.6B"
