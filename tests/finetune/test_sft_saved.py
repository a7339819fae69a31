"""What a training leaves behind: a folder that is whole, says what it is, and answers what it was taught."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.errors import InputError
from selfinstruct.finetune import sft
from selfinstruct.finetune.data import CHAT, TEXT
from selfinstruct.models.budget import Budget
from selfinstruct.models.gateway import identity
from selfinstruct.models.local import build
from selfinstruct.models.local_folder import Base, base_of
from selfinstruct.records import Request
from tests.conftest import Command
from tests.finetune.sft_data import base_model, losses, need_training_libraries, training_data, trl_options, tune
from tests.tiny_model import LIMITS

need_training_libraries()
pytestmark = pytest.mark.usefixtures("in_one_thread")


def answer(folder: str, prompt: str, mode: str) -> str:
    options = dataclasses.replace(base_model(Path(folder)), mode=mode)  # type: ignore[arg-type]
    asked = Request("x", (), prompt, 40, 0.0, 1.0, 0.0, 0.0, ())

    async def ask() -> str:
        model = build(options, LIMITS, Budget(LIMITS))
        try:
            return (await model.complete(asked)).text
        finally:
            model.stop()
            await model.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("form", [TEXT, CHAT])
def test_a_tuned_model_answers_what_it_was_taught(tiny: Path, tmp_path: Path, form: str) -> None:
    """Taught six examples for long, it gives the output of one and then ends, as its end of text is learned."""
    data = training_data(form, 12)
    options = trl_options(epochs=25, learning_rate=1e-2, schedule="constant", checkpoint_every=1000)
    tuned = sft.tune(data, options, base_model(tiny), tmp_path / "tuned", 42, lambda step, values: None)
    mode = "chat" if form == CHAT else "completion"
    assert tuned.usable_as.startswith(f"model=transformers model.name={tmp_path}/tuned/model")
    assert ("model.mode=completion" in tuned.usable_as) == (form == TEXT)
    example = min(data.train, key=lambda one: len(one.completion))
    assert answer(tuned.model_name, example.prompt, mode).strip() == example.completion.strip()


def test_the_saved_folder_is_whole_and_says_what_it_is(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tuned, _ = tune(tiny, tmp_path / "tuned", epochs=1)
    folder = Path(tuned.model_name)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.generation_config.eos_token_id == AutoTokenizer.from_pretrained(folder).eos_token_id == 0
    card = (folder / "README.md").read_text()
    for told in ("Base model: `tiny`", f"`{'0' * 64}`", "| learning_rate | `0.003` |", "| validation_loss | `"):
        assert told in card
    assert "| lora |" not in card
    assert str(tmp_path) not in card
    assert identity(base_model(folder)) != identity(base_model(tiny))
    assert tuned.tokens == json.loads((folder / "training.json").read_text())["tokens"] > 0


def test_low_rank_adapters_are_merged_on_request_and_loadable_without(tiny: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    changed: dict[str, Any] = {"method": "lora", "learning_rate": 1e-2}
    merged, first = tune(tiny, tmp_path / "merged", **changed)
    alone, second = tune(tiny, tmp_path / "alone", **changed, lora={"merge": False})
    assert first == second
    assert losses(first)[-1] < losses(first)[0]
    assert (Path(merged.model_name) / "config.json").is_file()
    assert (Path(alone.model_name) / "adapter_config.json").is_file()
    assert not (Path(alone.model_name) / "model.safetensors").exists()
    assert json.loads((Path(alone.model_name) / "adapter_config.json").read_text())["base_model_name_or_path"] == str(
        tiny
    )
    before, after = load_file(tiny / "model.safetensors"), load_file(Path(merged.model_name) / "model.safetensors")
    changed_tensors = {name for name, tensor in after.items() if not tensor.equal(before[name])}
    assert changed_tensors and all("_proj" in name for name in changed_tensors)
    prompt = "Name the capital of Peru.\n\n"
    assert answer(merged.model_name, prompt, "completion") == answer(alone.model_name, prompt, "completion")


def test_an_adapter_names_the_revision_of_the_base_model_that_it_fits(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is not there, so its folder is given; without the revision the adapter would get the newest weights."""
    monkeypatch.setattr(sft, "download", lambda name, revision, token: {("owner/tiny", "abc"): tiny}[name, revision])
    pinned = dataclasses.replace(base_model(Path("owner/tiny")), revision="abc")
    options = trl_options(method="lora", lora={"merge": False}, epochs=0.2)
    tuned = sft.tune(training_data(), options, pinned, tmp_path / "tuned", 42, lambda step, values: None)
    assert base_of(Path(tuned.model_name)) == Base("owner/tiny", "abc")


def test_an_adapter_can_be_tuned_further_as_a_whole_model(tiny: Path, tmp_path: Path) -> None:
    alone, first = tune(tiny, tmp_path / "alone", method="lora", lora={"merge": False}, learning_rate=1e-2)
    further, second = tune(Path(alone.model_name), tmp_path / "further", epochs=1)
    assert losses(second)[0] < losses(first)[0]
    assert (Path(further.model_name) / "config.json").is_file()
    with pytest.raises(InputError, match=r"set finetune\.lora\.merge=true"):
        tune(Path(alone.model_name), tmp_path / "twice", method="lora", lora={"merge": False})


@pytest.mark.parametrize("name", ["a, b (c)", "größe", "it's", "$HOME `x`", "a=b"])
def test_a_path_that_is_not_plain_is_quoted_for_the_shell_and_for_hydra(
    selfinstruct: Command, tmp_path: Path, name: str
) -> None:
    """Hydra composes what the shell makes of it, and the folder is the one that is meant."""
    folder = tmp_path / name
    overrides = shlex.split(sft._usable_as(folder, TEXT))
    ended = selfinstruct("run", *overrides, "--cfg", "job")
    assert ended.code == 0, ended.err
    assert yaml.safe_load(ended.out)["model"]["name"] == str(folder)


def test_the_weights_are_saved_in_the_type_that_the_base_model_has(tiny: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = tmp_path / "half"
    AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.bfloat16).save_pretrained(base)
    AutoTokenizer.from_pretrained(tiny).save_pretrained(base)
    tuned, _ = tune(base, tmp_path / "tuned", epochs=1)
    assert AutoModelForCausalLM.from_pretrained(tuned.model_name, dtype="auto").dtype == torch.bfloat16
