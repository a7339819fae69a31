"""What a model in this process cannot do is one error that says what to do."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.models.askable import check_options
from selfinstruct.models.local_weights import LoadedModel
from tests.conftest import ROOT
from tests.models.local_requests import (
    answers_of,
    as_asked,
    ask,
    different_requests,
    model_options,
    request,
)
from tests.tiny_model import LOCAL_OPTIONS

pytest.importorskip("torch", reason="a model in this process needs selfinstruct[local]")
pytest.importorskip("transformers", reason="a model in this process needs selfinstruct[local]")
pytestmark = pytest.mark.usefixtures("in_one_thread")


def test_a_model_that_computes_no_numbers_is_told(loaded: LoadedModel) -> None:
    import copy

    import torch

    broken = copy.deepcopy(loaded.model)
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(ProviderError, match=r"computes no numbers \(NaN\)"):
        answers_of(dataclasses.replace(loaded, model=broken), [as_asked(loaded, request())])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"device": "gpu"}, "model.options.device=gpu: give auto, cpu, cuda"),
        ({"dtype": "int4"}, "model.options.dtype=int4: give auto, float32, bfloat16, float16"),
        ({"batch_size": 0}, "model.options.batch_size=0: give a whole number from 1"),
        ({"attention": "fast"}, "model.options.attention=fast: give auto, sdpa"),
        ({"random_seed": "x"}, "model.options.random_seed=x: give a whole number"),
        ({"template_options": 3}, "model.options.template_options=3: give a mapping"),
        ({"top_k": 3}, "model.options.top_k: unknown key"),
    ],
)
def test_bad_options_are_named(tiny: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        check_options(model_options(tiny, **changed))
    assert message in str(error.value)


def test_a_device_that_is_not_there_is_told(tiny: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(InputError, match="device=cuda: PyTorch finds no such device here; it finds cpu"):
        ask(model_options(tiny, device="cuda"), [request()])


def test_a_folder_that_cannot_be_loaded_is_one_error_for_everybody_who_waits(tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in tiny.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be loaded as a causal language model"):
        ask(model_options(broken), different_requests(3))


def test_a_hub_name_that_cannot_be_reached_is_one_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    check_options(model_options("some-owner/some-model"))
    with pytest.raises(ProviderError, match=r"no such folder is here, and the hub cannot be reached"):
        ask(model_options("some-owner/some-model"), [request()])


def test_a_request_with_a_schema_is_refused(tiny: Path) -> None:
    with pytest.raises(ProviderError, match=r"set prompts\.structured=off"):
        ask(model_options(tiny), [request(schema='{"type": "object"}')])


def test_without_torch_the_message_names_what_to_install(tiny: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from selfinstruct.errors import InputError\n"
        "from selfinstruct.models.local_weights import load_model\n"
        "from selfinstruct.models.local_options import read_options\n"
        f"try: load_model({str(tiny)!r}, '', None, read_options({LOCAL_OPTIONS!r}))\n"
        "except InputError as error: print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "torch is not installed" in printed.stdout
    assert "pip install 'selfinstruct[local]'" in printed.stdout
