"""Fine-tuning on this machine: the loss falls, a killed training goes on to the same numbers, the result is usable."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.finetune import sft
from selfinstruct.finetune.data import CHAT, TEXT, Tuned
from selfinstruct.finetune.sft_checkpoints import WHOLE, is_whole, last_whole, mark_whole
from selfinstruct.finetune.sft_training import is_bfloat16
from selfinstruct.models.budget import Budget
from selfinstruct.models.gateway import identity
from selfinstruct.models.local import build
from selfinstruct.records import Request
from tests.conftest import ROOT, Command
from tests.finetune.sft_data import base_model, training_data, trl_options
from tests.tiny_model import LIMITS, make_tiny_model, one_thread

for library in ("torch", "transformers", "trl", "peft", "datasets", "accelerate"):
    pytest.importorskip(library, reason="fine-tuning needs selfinstruct[train]")

Steps = list[dict[str, float]]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module", autouse=True)
def in_one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def tune(tiny: Path, folder: Path, form: str = TEXT, **changed: Any) -> tuple[Tuned, Steps]:
    steps: Steps = []

    def report(step: int, values: Mapping[str, float]) -> None:
        steps.append({"step": step, **values})

    return sft.tune(training_data(form), trl_options(**changed), base_model(tiny), folder, 42, report), steps


def losses(steps: Steps, name: str = "loss") -> list[float]:
    return [step[name] for step in steps if name in step]


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()


def test_the_loss_falls_and_everything_is_reported(tiny: Path, tmp_path: Path) -> None:
    """18 examples in batches of 4 are 5 steps an epoch: 8 epochs are 40 steps and 8 validations."""
    tuned, steps = tune(tiny, tmp_path / "tuned", epochs=8)
    trained = losses(steps)
    assert len(trained) == 40
    assert sum(trained[-5:]) / 5 < 0.8 * sum(trained[:5]) / 5
    assert len(losses(steps, "validation_loss")) == 8
    assert [step["step"] for step in steps if "loss" in step] == list(range(1, 41))
    assert all({"loss", "learning_rate", "grad_norm"} <= step.keys() for step in steps if "loss" in step)
    assert tuned.metrics["loss"] == trained[-1]
    assert tuned.metrics["examples"] == 18
    assert not (tmp_path / "tuned" / "checkpoints").exists()


def test_the_same_seed_gives_the_same_losses_and_weights(tiny: Path, tmp_path: Path) -> None:
    _, first = tune(tiny, tmp_path / "first")
    _, second = tune(tiny, tmp_path / "second")
    assert first == second
    assert weights(tmp_path / "first") == weights(tmp_path / "second")


@pytest.fixture(scope="module")
def killed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of trainings that were undisturbed, and of the same ones killed and repeated (sft_trainee.py)."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "tests.finetune.sft_trainee", str(tiny), str(folder)]
    ended = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("going on from checkpoint-4") == 2
    return folder


def steps_of(folder: Path) -> Steps:
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_killed_training_resumes_to_the_same_losses_and_weights(killed: Path, method: str) -> None:
    """10 steps, a checkpoint every 4; killed at step 7, it goes on after step 4; a torn checkpoint-6 is passed over."""
    undisturbed, resumed = killed / f"{method}-undisturbed", killed / f"{method}-killed"
    expected, told = steps_of(undisturbed), steps_of(resumed)
    died_at = next(place for place, step in enumerate(told) if step["step"] == 7) + 1
    before, after = told[:died_at], told[died_at:]
    assert [step["step"] for step in after if "loss" in step] == [5, 6, 7, 8, 9, 10]
    assert before == expected[:died_at]
    assert after == [step for step in expected if step["step"] >= 5]
    assert weights(resumed) == weights(undisturbed)


def test_ctrl_c_ends_after_a_step_with_a_checkpoint_and_the_same_call_goes_on(tiny: Path, tmp_path: Path) -> None:
    """Told at step 3 of 10, so step 4 is the last; steps 5 to 10 are those of a training that nothing disturbed."""
    _, expected = tune(tiny, tmp_path / "undisturbed", checkpoint_every=100)
    handler = signal.getsignal(signal.SIGINT)

    def interrupt(step: int, values: Mapping[str, float]) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    options = trl_options(checkpoint_every=100)
    with pytest.raises(KeyboardInterrupt):
        sft.tune(training_data(), options, base_model(tiny), tmp_path / "ended", 42, interrupt)
    assert signal.getsignal(signal.SIGINT) is handler
    assert [path.name for path in (tmp_path / "ended" / "checkpoints").glob("checkpoint-*")] == ["checkpoint-4"]
    _, after = tune(tiny, tmp_path / "ended", checkpoint_every=100)
    assert after == [step for step in expected if step["step"] > 4]
    assert weights(tmp_path / "ended") == weights(tmp_path / "undisturbed")


def test_a_checkpoint_counts_only_if_every_file_has_its_full_length(tmp_path: Path) -> None:
    for step in (4, 8, 12):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        (checkpoint / "model.safetensors").write_bytes(b"0123456789")
        (checkpoint / "optimizer.pt").write_bytes(b"01234")
        if step < 12:
            mark_whole(checkpoint)
    (tmp_path / "checkpoint-8" / "optimizer.pt").write_bytes(b"012")
    assert is_whole(tmp_path / "checkpoint-4")
    assert last_whole(tmp_path) == tmp_path / "checkpoint-4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-4"]
    (tmp_path / "checkpoint-4" / WHOLE).write_text("{}")
    assert last_whole(tmp_path) is None
    assert last_whole(tmp_path / "none") is None


def test_what_is_tuned_already_is_returned_and_not_tuned_again(tiny: Path, tmp_path: Path) -> None:
    tuned, _ = tune(tiny, tmp_path / "tuned", epochs=1)
    again, steps = tune(tiny, tmp_path / "tuned", epochs=1)
    assert again == tuned
    assert steps == []


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
    options = trl_options(epochs=60, learning_rate=1e-2, schedule="constant", checkpoint_every=1000)
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


def test_an_adapter_can_be_tuned_further_as_a_whole_model(tiny: Path, tmp_path: Path) -> None:
    alone, first = tune(tiny, tmp_path / "alone", method="lora", lora={"merge": False}, learning_rate=1e-2)
    further, second = tune(Path(alone.model_name), tmp_path / "further", epochs=1)
    assert losses(second)[0] < losses(first)[0]
    assert (Path(further.model_name) / "config.json").is_file()
    with pytest.raises(InputError, match=r"set finetune\.lora\.merge=true"):
        tune(Path(alone.model_name), tmp_path / "twice", method="lora", lora={"merge": False})


def test_a_path_with_spaces_is_quoted_for_the_shell_and_for_hydra(selfinstruct: Command, tmp_path: Path) -> None:
    """Hydra composes what the shell makes of it, and the folder is the one that is meant."""
    folder = tmp_path / "a, b (c)"
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


def test_examples_that_are_too_long_are_told(tiny: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tuned, _ = tune(tiny, tmp_path / "tuned", epochs=1, max_length=80)
    assert tuned.metrics["examples_dropped"] > 0
    assert tuned.metrics["examples"] + tuned.metrics["examples_dropped"] == 18
    printed = capfd.readouterr()
    assert "were left out and 0 cut, since they have more than finetune.max_length=80 tokens" in printed.err
    assert printed.out == ""
    with pytest.raises(InputError, match=r"none of 18 examples has at most finetune\.max_length=9 tokens"):
        tune(tiny, tmp_path / "none", max_length=9)


def test_a_context_that_is_too_short_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"finetune\.max_length=4096: the model has a context of 2048 tokens"):
        tune(tiny, tmp_path / "tuned", max_length=4096)


def test_a_loss_that_is_no_number_ends_the_training(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the loss is no number any more at step"):
        tune(tiny, tmp_path / "tuned", learning_rate=1e30, max_grad_norm=1e30)
    assert not (tmp_path / "tuned" / "model").exists()


def test_too_little_memory_is_one_error(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import trl

    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(trl.SFTTrainer, "train", full)
    with pytest.raises(ProviderError, match=r"does not suffice to train; lower finetune\.batch_size"):
        tune(tiny, tmp_path / "tuned")


def test_models_that_are_not_here_and_packing_without_its_attention_are_refused(tiny: Path, tmp_path: Path) -> None:
    remote = dataclasses.replace(base_model(tiny), name="openai/gpt-4.1-mini", options={})
    with pytest.raises(InputError, match="finetune=trl tunes a model in this process; choose model=transformers"):
        sft.tune(training_data(), trl_options(), remote, tmp_path, 42, lambda step, values: None)
    with pytest.raises(InputError, match=r"finetune\.packing=true: without flash attention"):
        tune(tiny, tmp_path, packing=True)


def test_bfloat16_is_chosen_where_it_is_asked_for_or_a_gpu_has_it() -> None:
    assert not is_bfloat16("auto", "cpu")
    assert is_bfloat16("bfloat16", "cpu")
    assert not is_bfloat16("float32", "cuda")


def test_bfloat16_and_gradient_checkpointing_train_too(tiny: Path, tmp_path: Path) -> None:
    _, exact = tune(tiny, tmp_path / "exact", epochs=1)
    _, thrifty = tune(tiny, tmp_path / "thrifty", epochs=1, gradient_checkpointing=True, accumulate=2, batch_size=2)
    _, rough = tune(tiny, tmp_path / "rough", epochs=1, precision="bfloat16")
    assert losses(thrifty) == pytest.approx(losses(exact), rel=1e-3)
    assert losses(rough) == pytest.approx(losses(exact), rel=0.05)
    assert losses(rough) != losses(exact)


def test_without_trl_the_message_names_what_to_install(tiny: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['trl'] = None\n"
        "from selfinstruct.errors import InputError\n"
        "from selfinstruct.finetune.sft import import_training_libraries\n"
        "try: import_training_libraries()\n"
        "except InputError as error: print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout.strip() == (
        "trl is not installed, which finetune=trl needs: pip install 'selfinstruct[train]'"
    )


def test_nothing_is_told_to_the_libraries_makers(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trl.trainer import base_trainer

    told: list[Any] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("huggingface_hub.utils._telemetry._TELEMETRY_QUEUE.put", told.append)
    tune(tiny, tmp_path / "tuned", epochs=0.2)
    assert told == []
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", False)
    base_trainer.send_telemetry(topic="trl/test", library_name="trl")
    assert len(told) == 1, "this test could not have seen it"


def test_the_command_tunes_tells_how_to_use_it_and_finds_it_again(
    selfinstruct: Command, run: Path, tiny: Path, tmp_path: Path
) -> None:
    arguments = ("finetune", f"run={run}", "finetune=trl", "model=transformers", f"model.name={tiny}", "tracking=off")
    first = selfinstruct(*arguments, "run_dir=tuned", "finetune.validation_share=0.2")
    assert first.code == 0, first.err
    told = json.loads((tmp_path / "tuned" / "manifest.json").read_text())
    assert (told["status"], told["cost_usd"], told["tuned_model"]) == ("done", 0.0, str(tmp_path / "tuned" / "model"))
    assert f"model=transformers model.name={tmp_path}/tuned/model model.mode=completion" in first.out
    curve = [json.loads(line) for line in (tmp_path / "tuned" / "metrics.jsonl").read_text().splitlines()]
    assert [point["step"] for point in curve] == list(range(1, len(curve) + 1))
    assert "validation_loss" in curve[-1]
    weights_before = weights(tmp_path / "tuned")
    again = selfinstruct(*arguments, "run_dir=tuned", "finetune.validation_share=0.2")
    assert again.code == 0, again.err
    assert weights(tmp_path / "tuned") == weights_before
    remote = selfinstruct("finetune", f"run={run}", "finetune=trl", "tracking=off", "run_dir=other")
    assert remote.code == 2
    assert "finetune=trl tunes a model in this process; choose model=transformers" in remote.err
    assert not (tmp_path / "other").exists()
