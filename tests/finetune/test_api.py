"""Tuning by a provider: one job for the same data and settings, priced first, told to its end, and never the key."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from selfinstruct import finetune_job, runs
from selfinstruct.finetune.api import results, uses
from tests.commands import lines, manifest, the_one_message
from tests.conftest import Command
from tests.finetune.tuning_control import BASE, TuningServer, finished_run
from tests.servers.fault_control import KEY

pytestmark = pytest.mark.usefixtures("no_pictures")


def test_a_run_becomes_a_tuned_model_with_its_losses_cost_and_the_command_that_uses_it(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """22 examples in the file; the server trains on a quarter of its bytes, twice, at $0.00001 a token."""
    ended = selfinstruct(*server.arguments(run, "finetune.cost_per_training_token=0.00001"))
    assert ended.code == 0, ended.err
    seen, told = server.seen(), manifest(tmp_path / "tuned")
    file, job = seen["uploads"][0], seen["jobs"][0]
    tuned = f"ft:{BASE}:lab:si-{told['identity']}:ftjob-1"
    assert told["trained_tokens"] == file["bytes"] // 4 * 2
    assert told["cost_usd"] == pytest.approx(file["bytes"] // 4 * 2 * 0.00001)
    assert (told["status"], told["verb"], told["tuned_model"], told["job_id"]) == ("done", "finetune", tuned, "ftjob-1")
    assert told["source"] == {"run": str(run), "identity": "0123456789ab"}
    assert told["dataset_sha256"] == runs.dataset_sha256(run)
    assert told["metrics"] == {"loss": pytest.approx(2 / 3), "validation_loss": 1.5}
    assert [one["loss"] for one in lines(tmp_path / "tuned/metrics.jsonl")] == pytest.approx([2.0, 1.0, 2 / 3])
    assert len(lines(tmp_path / "tuned/events.jsonl")) == 5
    assert job["asked"]["hyperparameters"]["n_epochs"] == 2 and job["asked"]["seed"] == 42
    assert len(lines(tmp_path / "tuned/training.jsonl")) == 22
    priced = ended.err.index("22 examples, tokens 488 to 996 over 2 epochs, cost $0.0049 to $0.01")
    assert priced < ended.err.index("job ftjob-1"), "the price is told before there is a job"
    assert f"model.name=openai/{tuned}" in ended.out and "selfinstruct evaluate" in ended.out
    command = next(line.split()[2:] for line in ended.out.splitlines() if line.startswith("use"))
    assert command[:2] == ["run", "model=openai_compatible"]
    assert selfinstruct(*command, "generation.target=5", "tracking=off", "dry_run=true").code == 0


def test_what_is_uploaded_is_the_training_file_of_the_folder(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    assert selfinstruct(*server.arguments(run)).code == 0
    written = (tmp_path / "tuned/training.jsonl").read_bytes()
    assert server.seen()["sha256"]["file-1"] == hashlib.sha256(written).hexdigest()


def test_a_repeated_command_asks_the_provider_nothing(selfinstruct: Command, server: TuningServer, run: Path) -> None:
    first = selfinstruct(*server.arguments(run))
    asked = server.seen()["asked"]
    second = selfinstruct(*server.arguments(run))
    assert (first.code, second.code) == (0, 0)
    assert second.out == first.out and server.seen()["asked"] == asked


def test_a_lost_folder_finds_its_job_at_the_provider(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    for folder in ("first", "second"):
        assert selfinstruct(*server.arguments(run, f"run_dir={folder}")).code == 0
    assert manifest(tmp_path / "first")["tuned_model"] == manifest(tmp_path / "second")["tuned_model"]
    assert (len(server.seen()["jobs"]), len(server.seen()["uploads"])) == (1, 1)


def test_another_attempt_another_seed_or_other_data_is_another_job(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    other = finished_run(tmp_path / "other", instances=21)
    for number, more in enumerate([(), ("finetune.attempt=2",), ("random_seed=7",), (f"run={other}",)]):
        assert selfinstruct(*server.arguments(run, *more, f"run_dir=tuned{number}")).code == 0
    for same in ("finetune.cost_per_training_token=0.1", "limits.max_attempts=3", "name=another"):
        assert selfinstruct(*server.arguments(run, same, "run_dir=again")).code == 0
    assert len(server.seen()["jobs"]) == 4


def test_a_held_out_share_is_uploaded_as_a_file_of_its_own(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """A share of 0.25 of 22 examples, each with an instruction of its own, is 5.5, rounded to the even 6."""
    assert selfinstruct(*server.arguments(run, "finetune.validation_share=0.25")).code == 0
    job = server.seen()["jobs"][0]
    assert (job["training_file"], job["validation_file"]) == ("file-1", "file-2")
    assert len(lines(tmp_path / "tuned/training.jsonl")) == 16
    assert len(lines(tmp_path / "tuned/validation.jsonl")) == 6


def test_too_few_examples_are_refused_before_anything_is_sent(
    selfinstruct: Command, server: TuningServer, tmp_path: Path
) -> None:
    small = finished_run(tmp_path / "small", instances=7)  # and two of the seed tasks: nine
    ended = selfinstruct(*server.arguments(small))
    assert ended.code == 2 and "9 examples to train on, and providers want at least 10" in the_one_message(ended.err)
    assert server.seen()["asked"] == [] and not (tmp_path / "tuned").exists()


@pytest.mark.parametrize("status", [runs.STOPPED, runs.RUNNING])
def test_a_run_that_has_not_ended_is_refused(
    selfinstruct: Command, server: TuningServer, tmp_path: Path, status: str
) -> None:
    ended = selfinstruct(*server.arguments(finished_run(tmp_path / "half", status=status)))
    assert ended.code == 2 and "has not ended" in the_one_message(ended.err)


def test_a_dataset_that_was_changed_is_refused(selfinstruct: Command, server: TuningServer, run: Path) -> None:
    (run / runs.INSTANCES).write_text("")
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 2 and "not the one that its manifest names" in the_one_message(ended.err)


def test_a_cap_refuses_before_anything_is_sent(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """Some 1,000 tokens in two epochs: at $0.001 each about a dollar."""
    price = "finetune.cost_per_training_token=0.001"
    for cap in (f"limits.max_cost_usd={0.4}", "limits.max_tokens=400"):
        ended = selfinstruct(*server.arguments(run, price, cap))
        assert ended.code == 4 and "nothing was sent" in the_one_message(ended.err)
    assert server.seen()["asked"] == [] and not (tmp_path / "tuned").exists()
    assert selfinstruct(*server.arguments(run, price, "limits.max_cost_usd=2")).code == 0


def test_an_example_that_the_model_cannot_read_is_refused_before_anything_is_sent(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetune_job, "context_of", {f"openai/{BASE}": 9}.get)
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 2 and "reads at most 9: it would be cut" in the_one_message(ended.err)
    assert server.seen()["asked"] == [] and not (tmp_path / "tuned").exists()


def test_a_cap_without_a_price_is_refused_with_the_remedy(
    selfinstruct: Command, server: TuningServer, run: Path
) -> None:
    ended = selfinstruct(*server.arguments(run, "limits.max_cost_usd=5"))
    assert ended.code == 2 and "set finetune.cost_per_training_token" in the_one_message(ended.err)
    assert server.seen()["asked"] == []


def test_a_job_that_is_paid_is_followed_whatever_the_cap(
    selfinstruct: Command, server: TuningServer, run: Path
) -> None:
    server.plan("job", "401")
    assert selfinstruct(*server.arguments(run)).code == 3
    server.plan()
    cap = ("finetune.cost_per_training_token=1", "limits.max_cost_usd=0.01")
    assert selfinstruct(*server.arguments(run, *cap)).code == 0


def test_a_dry_run_tells_file_tokens_price_and_settings_and_sends_nothing(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    price = "finetune.cost_per_training_token=0.001"
    ended = selfinstruct(*server.arguments(run, "dry_run=true", price, "limits.max_cost_usd=0.1"))
    assert ended.code == 0 and ended.err == ""
    for words in (
        "22 to train on (openai_chat)",
        "over 2 epochs; the longest example has 1",
        "n_epochs=2",
        ".train.jsonl (",
        "will be refused",
    ):
        assert words in ended.out
    assert "cost      $" in ended.out and " to $" in ended.out
    assert server.seen()["asked"] == [] and not (tmp_path / "tuned").exists()


def test_the_key_is_in_no_file_and_on_no_terminal_whatever_the_server_repeats(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    said = []
    for at, fault, outcome in (("create", "400", ""), ("job", "403", ""), ("events", "404", "failed")):
        server.plan(at, fault, outcome=outcome or "succeeded")
        ended = selfinstruct(*server.arguments(run, f"run_dir=tuned-{at}"))
        assert ended.code == 3
        said += [ended.out, ended.err]
    said += [path.read_text() for path in tmp_path.rglob("*") if path.is_file() and "tuned" in str(path)]
    assert "***" in "".join(said)
    for form in (KEY, KEY[:12], base64.b64encode(KEY.encode()).decode()[:-2]):
        assert not [text for text in said if form in text]


def test_azure_is_spoken_to_in_its_own_dialect(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """Other paths, another header for the key, other words for states, and files that have to be looked through."""
    azure = ("model=azure", f"model.name=azure/{BASE}", f"model.api_base={server.address}")
    server.plan("create", "reset after", times=1)
    ended = selfinstruct(*server.arguments(run, *azure))
    assert ended.code == 0, ended.err
    seen = server.seen()
    assert len(seen["jobs"]) == 1 and seen["uploads"][0]["status"] == "processed"
    assert manifest(tmp_path / "tuned")["metrics"]["loss"] == pytest.approx(2 / 3)
    assert "model=azure model.name=azure/<deployment>" in ended.out


def test_a_provider_that_tunes_nothing_is_refused(selfinstruct: Command, server: TuningServer, run: Path) -> None:
    ended = selfinstruct(*server.arguments(run, "model.name=groq/llama-3.3-70b-versatile"))
    assert ended.code == 2 and "choose model=openai, model=azure" in the_one_message(ended.err)


def test_litellm_still_cannot_look_up_a_job_of_vertex() -> None:
    """Once it can, `selfinstruct/models/tuning_vertex.py` need not ask by itself."""
    from selfinstruct.models.library import import_litellm

    litellm = import_litellm()
    with pytest.raises(litellm.exceptions.BadRequestError, match="doesn't support vertex_ai"):
        litellm.retrieve_fine_tuning_job(fine_tuning_job_id="1", custom_llm_provider="vertex_ai")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("finetune.n_epoch=3", "n_epoch"),
        ("finetune.n_epochs=0", "finetune.n_epochs=0"),
        ("finetune.validation_share=1", "finetune.validation_share=1"),
        ("finetune.form=alpaca", "finetune.form"),
        ("finetune.kind=other", "choose finetune=api or finetune=trl"),
        ("limits.sweep_max_cost_usd=3", "set limits.max_cost_usd, for each job"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(
    selfinstruct: Command, server: TuningServer, run: Path, argument: str, words: str
) -> None:
    ended = selfinstruct(*server.arguments(run, argument))
    assert ended.code == 2 and words in ended.err and "Traceback" not in ended.err


def test_results_are_read_by_our_names_and_empty_cells_are_left_out() -> None:
    table = "step,train_loss,valid_loss,valid_mean_token_accuracy\n1,2.5,,\n2,2.25,2.4,0.5\n3,nan,,\nlast,1,1,1\n"
    assert list(results(table)) == [
        (1, {"loss": 2.5}),
        (2, {"loss": 2.25, "validation_loss": 2.4, "validation_accuracy": 0.5}),
        (3, {}),
    ]


def test_the_command_that_uses_a_model_names_its_provider() -> None:
    assert uses("openai/gpt-4.1", "ft:x", None, "OPENAI_API_KEY") == "model=openai model.name=openai/ft:x"
    local = uses("openai/gpt-4.1", "ft:x", "http://me:secret@h/v1", "KEY_OF_H")
    assert local == (
        "model=openai_compatible model.name=openai/ft:x model.api_base=http://h/v1 model.api_key_env=KEY_OF_H"
    )
