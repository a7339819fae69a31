"""What providers answer about files and jobs, read into our own values, and what goes wrong, into our own errors."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from selfinstruct.errors import InputError, ProviderError, TransientError
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.tuning import Refused, context_of, provider_of, told
from selfinstruct.models.tuning_openai import OpenAiTuning, _text

OPTIONS = ModelOptions("azure/gpt-4.1-mini", "chat", "http://127.0.0.1:9", None, "", None, None, {})
KEY = "sk-planted-0123456789"


def job(**more: object) -> SimpleNamespace:
    plain = {"id": "ftjob-1", "status": "running", "training_file": "file-1", "created_at": 5, "fine_tuned_model": None}
    return SimpleNamespace(**{**plain, "result_files": None, "error": None, "trained_tokens": None, **more})


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("notRunning", "queued"),
        ("pending", "queued"),
        ("running", "running"),
        ("canceled", "cancelled"),
        ("canceling", "cancelled"),
        ("succeeded", "succeeded"),
        ("failed", "failed"),
    ],
)
def test_azures_words_for_a_state_are_openais(said: str, meant: str) -> None:
    assert OpenAiTuning(OPTIONS, 1.0)._job(job(status=said)).status == meant


def test_the_reason_of_a_failure_is_the_providers_code_and_words() -> None:
    error = SimpleNamespace(code="invalid_file", message="line 3")
    assert OpenAiTuning(OPTIONS, 1.0)._job(job(status="failed", error=error)).reason == "invalid_file: line 3"
    assert OpenAiTuning(OPTIONS, 1.0)._job(job()).reason == ""


def test_a_file_is_read_as_it_is_or_from_base64() -> None:
    """c3RlcCxsb3NzCjEsMgo= is "step,loss", a line break, "1,2" and another one."""
    assert _text(b"step,loss\n1,2\n") == _text(b"c3RlcCxsb3NzCjEsMgo=") == "step,loss\n1,2\n"


def test_files_are_waited_for_where_the_provider_looks_through_them() -> None:
    assert OpenAiTuning(OPTIONS, 1.0).waits_for_files
    own = ModelOptions("openai/m", "chat", "http://127.0.0.1:9", None, "", None, None, {})
    assert not OpenAiTuning(own, 1.0).waits_for_files


def test_a_name_tells_its_provider_and_one_that_tunes_nothing_is_refused() -> None:
    assert [provider_of(f"{name}/m") for name in ("openai", "azure", "vertex_ai")] == ["openai", "azure", "vertex_ai"]
    with pytest.raises(InputError, match="finetune=trl"):
        provider_of("mistral/m")


def test_litellms_list_says_how_much_a_model_reads_where_it_knows_the_model() -> None:
    assert context_of("openai/gpt-3.5-turbo-0125") == 16385
    assert context_of("azure/gpt-3.5-turbo-0125") is not None
    assert context_of("openai/nobody-knows-it") is None


def test_an_answer_that_nobody_can_read_may_pass_and_a_refusal_is_told_apart() -> None:
    """Only a refusal says that nothing was done; whoever creates a job has to know."""
    import httpx
    from litellm.exceptions import BadRequestError
    from pydantic import BaseModel

    class Job(BaseModel):
        id: str

    def refused() -> str:
        answer = httpx.Response(400, request=httpx.Request("POST", "http://127.0.0.1"))
        raise BadRequestError("no", "m", "openai", answer)

    with pytest.raises(TransientError, match=r"not of the expected form \(missing or wrong: id\); check"):
        told(lambda: Job(**{}), "openai/m", KEY)
    with pytest.raises(TransientError, match="not of the expected form"):
        told(lambda: None.id, "openai/m", KEY)  # type: ignore[attr-defined]
    with pytest.raises(Refused) as found:
        told(refused, "openai/m", KEY)
    assert found.value.status == 400


def test_a_fault_is_told_in_our_words_without_the_key() -> None:
    def fails(error: Exception) -> str:
        raise error

    with pytest.raises(TransientError):
        told(lambda: fails(TimeoutError()), "openai/m", KEY)
    with pytest.raises(ProviderError) as found:
        told(lambda: fails(ValueError(f"no, {KEY}")), "openai/m", KEY)
    assert KEY not in str(found.value) and "check model.name, the keys of finetune" in str(found.value)
