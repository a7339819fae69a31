"""Tuning at Vertex AI, as far as a server on this machine can stand for it.

LiteLLM takes the region's address and the token from Google; both are replaced here. Not tested: Google's own
credentials, and whether Vertex means what its reference says.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import lines, manifest, the_one_message
from tests.conftest import Command
from tests.servers.process import serving
from tests.servers.vertex_server import TOKEN

pytestmark = [
    pytest.mark.usefixtures("no_pictures"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # LiteLLM leaves its clients to Python
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving("vertex_server") as running:
        yield running


@pytest.fixture(autouse=True)
def google(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The region's address and the token come from here, and the account is empty."""
    from selfinstruct.models.library import import_litellm

    import_litellm()
    from litellm.llms.vertex_ai import common_utils
    from litellm.llms.vertex_ai.fine_tuning import handler
    from litellm.llms.vertex_ai.vertex_llm_base import VertexBase

    for module in (common_utils, handler):
        monkeypatch.setattr(module, "get_vertex_base_url", lambda _: address)
    monkeypatch.setattr(VertexBase, "get_access_token", lambda *_, **__: (TOKEN, "lab"))
    monkeypatch.setenv("VERTEXAI_PROJECT", "lab")
    monkeypatch.setenv("VERTEXAI_LOCATION", "us-central1")
    monkeypatch.setenv("GCS_BUCKET_NAME", "bucket")
    plan(address)


def plan(address: str, **details: Any) -> None:
    urllib.request.urlopen(
        urllib.request.Request(f"{address}/plan", json.dumps(details).encode(), method="POST")
    ).close()


def seen(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/seen") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def arguments(address: str, run: Path, *more: str) -> list[str]:
    model = ["model=base", "model.name=vertex_ai/gemini-2.5-flash", f"model.api_base={address}"]
    own = ["tracking=off", "finetune.poll_s=0.02", "run_dir=tuned", "limits.max_attempts=3"]
    return ["finetune", f"run={run}", *model, *own, *more]


def test_a_run_is_tuned_on_in_googles_form_and_priced_by_the_tokens_it_bills(
    selfinstruct: Command, address: str, run: Path, tmp_path: Path
) -> None:
    """1,234 billed tokens at $0.000005 are $0.00617."""
    ended = selfinstruct(*arguments(address, run, "finetune.cost_per_training_token=0.000005"))
    assert ended.code == 0, ended.err
    told, found = manifest(tmp_path / "tuned"), seen(address)
    ((place, uploaded),) = found["uploads"].items()
    assert uploaded == (tmp_path / "tuned/training.jsonl").read_text() and len(uploaded.splitlines()) == 22
    assert [turn["role"] for turn in lines(tmp_path / "tuned/training.jsonl")[0]["contents"]] == ["user", "model"]
    job = found["jobs"][0]
    assert job["supervisedTuningSpec"]["hyperParameters"] == {"epoch_count": 2}
    assert job["supervisedTuningSpec"]["training_dataset_uri"] == place
    assert job["tunedModelDisplayName"] == f"si-{told['identity']}"
    assert (told["trained_tokens"], told["cost_usd"]) == (1234, pytest.approx(0.00617))
    assert "model=base model.name=vertex_ai/gemini/4965075652" in ended.out


def test_a_job_whose_creation_was_not_answered_is_found_by_its_name(
    selfinstruct: Command, address: str, run: Path, tmp_path: Path
) -> None:
    plan(address, reset_after_create=1)
    assert selfinstruct(*arguments(address, run)).code == 0
    assert selfinstruct(*arguments(address, run, "run_dir=elsewhere")).code == 0
    assert len(seen(address)["jobs"]) == 1
    assert manifest(tmp_path / "tuned")["job_id"] == manifest(tmp_path / "elsewhere")["job_id"]


def test_a_job_is_found_on_a_later_page_and_another_seed_is_another_job(
    selfinstruct: Command, address: str, run: Path
) -> None:
    for folder, seed in (("one", 1), ("two", 2), ("three", 1)):
        assert selfinstruct(*arguments(address, run, f"run_dir={folder}", f"random_seed={seed}")).code == 0
    assert len(seen(address)["jobs"]) == 2


def test_a_failure_and_a_refusal_are_one_message_without_the_token(
    selfinstruct: Command, address: str, run: Path
) -> None:
    plan(address, state="JOB_STATE_FAILED")
    failed = selfinstruct(*arguments(address, run))
    assert failed.code == 3 and "failed: Row 7 of the dataset is too long" in the_one_message(failed.err)
    plan(address, refuses=True)
    refused = selfinstruct(*arguments(address, run, "run_dir=other", "random_seed=3"))
    assert refused.code == 3 and "HTTP 403" in the_one_message(refused.err)
    assert TOKEN not in refused.err + failed.err


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("finetune.form=prompt_completion", "finetune.form=prompt_completion"),
        ("finetune.validation_share=0.5", "finetune.validation_share"),
        ("finetune.batch_size=4", "finetune.batch_size"),
    ],
)
def test_what_vertex_would_ignore_is_refused(
    selfinstruct: Command, address: str, run: Path, argument: str, words: str
) -> None:
    ended = selfinstruct(*arguments(address, run, argument))
    assert ended.code == 2 and words in the_one_message(ended.err)
    assert seen(address) == {"uploads": {}, "jobs": []}


def test_a_missing_project_is_refused_before_anything_is_sent(
    selfinstruct: Command, address: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VERTEXAI_PROJECT")
    ended = selfinstruct(*arguments(address, run))
    assert ended.code == 2 and "VERTEXAI_PROJECT" in the_one_message(ended.err)
    assert not (tmp_path / "tuned").exists()
    assert selfinstruct(*arguments(address, run, "+model.options.vertex_project=lab")).code == 0
