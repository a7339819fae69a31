"""A key is named, never written: not in part, not encoded, whatever goes wrong. One that is written is refused."""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.models import gateway
from selfinstruct.secrecy import masked, secret_argument, secret_in_config, secret_values
from tests.conftest import Command
from tests.servers.fault_control import KEY, KEY_VARIABLE, FaultServer, fault_server
from tests.servers.fault_server import LASTING, OUTCOMES, PASSING

# LiteLLM leaves its text-completion clients to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SLOW = {"time-out", "slow trickle"}
FORMS = {
    "as it is": KEY,
    "its first 12 characters": KEY[:12],
    "in base64": base64.b64encode(KEY.encode()).decode(),
    "in base64 without padding": base64.b64encode(KEY.encode()).decode().rstrip("=")[:-1],
    "in base64, for URLs": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("=")[:-1],
    "in the base64 of the header": base64.b64encode(f"Bearer {KEY}".encode()).decode().rstrip("=")[:-1],
    "URL-encoded": urllib.parse.quote(KEY, safe=""),
    "URL-encoded with its slashes": urllib.parse.quote(KEY),
    "hexadecimal": KEY.encode().hex(),
}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one tracking store for all runs of this file, since making one takes seconds."""
    return tmp_path_factory.mktemp("tracker")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(gateway, "_LONGEST_WAIT_S", 0.05)


def holding(forms: dict[str, str], *folders: Path) -> list[str]:
    """Return the files that hold one of these forms, and which one."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [
        f"{path.name} holds it {form}"
        for path in files
        for form, text in forms.items()
        if text.encode() in path.read_bytes()
    ]


def shown(forms: dict[str, str], *texts: str) -> list[str]:
    return [f"{form} in {text}" for text in texts for form, secret in forms.items() if secret in text]


@pytest.mark.parametrize("fault", [*PASSING, *LASTING, *OUTCOMES])
def test_no_fault_brings_the_key_to_a_file_the_tracker_or_the_terminal(
    selfinstruct: Command,
    server: FaultServer,
    tracker: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    """The server repeats the key in headers and body, in every form."""
    server.plan(fault, skip=3, seconds=10)
    ended = selfinstruct(
        *server.arguments(
            "tracking=mlflow",
            f"tracking.uri=sqlite:///{tracker}/mlflow.db",
            "limits.max_attempts=2",
            "limits.patience_s=0.3",
            f"limits.timeout_s={2 if fault in SLOW else 20}",
            "generation.max_dry_requests=2",
        )
    )
    assert ended.code == (0 if fault in OUTCOMES else 3), ended.err
    assert server.failed()[fault] >= 1
    assert holding(FORMS, tmp_path, tracker) == []
    assert shown(FORMS, ended.out, ended.err, caplog.text) == []
    artifacts = list((tracker / "mlartifacts").rglob("manifest.json"))
    assert (tracker / "mlflow.db").stat().st_size > 100_000 and artifacts, "there was nothing to search"


def test_a_search_for_the_key_finds_it_where_it_is(tmp_path: Path) -> None:
    """The check above, seen to fail: one file for each form."""
    for number, text in enumerate(FORMS.values()):
        (tmp_path / f"{number}.bin").write_bytes(b"\x00before" + text.encode() + b"after")
    found = {line.partition(" holds it ")[2] for line in holding(FORMS, tmp_path)}
    assert found == set(FORMS)


def test_no_file_of_a_sweep_holds_the_key(
    selfinstruct: Command, server: FaultServer, tracker: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.plan("401", skip=3)
    arguments = server.arguments(
        "tracking=mlflow", f"tracking.uri=sqlite:///{tracker}/mlflow.db", "generation.target=4,5", "run_dir=null"
    )
    ended = selfinstruct("run", "-m", *arguments[1:])
    assert ended.code == 3, ended.err
    names = {path.name for path in (tmp_path / "runs/sweeps").rglob("*")}
    assert {"multirun.yaml", "sweep.json", "outcome.json"} <= names
    assert holding(FORMS, tmp_path, tracker) == []
    assert shown(FORMS, ended.out, ended.err, caplog.text) == []


WRITTEN = [
    "model.api_key=sk-written-down",
    "+model.options.api_key=sk-written-down",
    "++model.options.api_key=sk-written-down",
    "+model.options.apikey=sk-written-down",
    "+model.options.x-api-key=sk-written-down",
    "+model.options.extra_headers.Authorization=sk-written-down",
    "+model.options.extra_headers={Authorization: Bearer sk-written-down}",
    "model.options={api_key: sk-written-down}",
    "model.options={extra_headers: {'x-api-key': 'sk-written-down'}}",
    "+model.options.aws_secret_access_key=sk-written-down",
    "+model.options.vertex_credentials=sk-written-down",
    "+model.options.azure_ad_token=sk-written-down",
    "model.api_base=https://me:sk-written-down@proxy.example/v1",
    "model.api_base=https://proxy.example/v1?key=sk-written-down",
    "store.url=postgresql+psycopg://me:sk-written-down@db.example/runs",
    "store.url=postgresql+psycopg://db.example/runs?password=sk-written-down",
    "tracking.uri=https://me:sk-written-down@tracker.example",
    f"name={KEY}",
    f"{KEY}=1",
]


@pytest.mark.parametrize("mode", [[], ["-m", "generation.target=4,5"]], ids=["run", "sweep"])
@pytest.mark.parametrize("argument", WRITTEN)
def test_a_key_on_the_command_line_is_refused_with_the_remedy_and_nothing_is_written(
    selfinstruct: Command, tmp_path: Path, argument: str, mode: list[str]
) -> None:
    ended = selfinstruct("run", *mode, argument)
    assert ended.code == 2
    assert re.search(r"export it and name its variable|PGPASSWORD|MLFLOW_TRACKING_PASSWORD", ended.err), ended.err
    assert "written-down" not in ended.err + ended.out and shown(FORMS, ended.err, ended.out) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argument",
    [
        "model.api_key_env=OPENAI_API_KEY",
        "model.options={}",
        "+model.options.api_key=null",
        "model.api_base=http://127.0.0.1:8000/v1",
        "store.url=postgresql+psycopg://me@db.example/runs",
        "store.url=postgresql+psycopg://me:${oc.env:PGPASSWORD}@db.example/runs",
        "limits.max_tokens=100",
        "limits={tokens_per_minute: 5, max_tokens: 4}",
        "+model.options.stop_token=x",
        "filters.instruction.blocked_words=[password]",
        "prompts.instructions.template='Invent a password: {{ examples }}'",
    ],
)
def test_what_only_looks_like_a_key_is_accepted(argument: str) -> None:
    assert secret_argument([argument]) is None


def test_a_key_in_somebodys_yaml_is_refused_before_a_sweep_writes_it_down(
    selfinstruct: Command, tmp_path: Path
) -> None:
    (tmp_path / "mine/store").mkdir(parents=True)
    (tmp_path / "mine/store/pg.yaml").write_text(
        "url: postgresql+psycopg://me:hunter2-hunter2@127.0.0.1:1/db\nsample: 0\n"
    )
    ended = selfinstruct("run", "--config-dir", "mine", "-m", "store=pg", "generation.target=4,5")
    assert ended.code == 2
    assert "store.url: holds a password" in ended.err and "PGPASSWORD" in ended.err
    (tmp_path / "mine/store/pg.yaml").unlink()
    assert holding({"": "hunter2"}, tmp_path) == []


@pytest.mark.parametrize(
    "written", ["me:hunter2-hunter2@127.0.0.1:1/db", "127.0.0.1:1/db?user=me&password=hunter2-hunter2"]
)
def test_the_password_of_a_database_is_not_printed_and_not_written(
    selfinstruct: Command, tmp_path: Path, tracker: Path, written: str
) -> None:
    """A single run takes a URL as it is; nobody answers there, or its driver is not installed."""
    (tmp_path / "mine/store").mkdir(parents=True)
    (tmp_path / "mine/store/pg.yaml").write_text(f"url: postgresql+psycopg://{written}\nsample: 0\n")
    ended = selfinstruct(
        "run", "--config-dir", "mine", "store=pg", f"tracking.uri=sqlite:///{tracker}/mlflow.db", "run_dir=mine/run"
    )
    assert ended.code in {2, 3}
    assert "postgresql" in ended.err
    (tmp_path / "mine/store/pg.yaml").unlink()
    assert shown({"": "hunter2"}, ended.err, ended.out) == []
    assert holding({"": "hunter2"}, tmp_path, tracker) == []


def test_the_password_from_the_environment_is_written_down_as_its_variable(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_WORD", "hunter2-hunter2")
    url = "store.url='postgresql+psycopg://me:${oc.env:DB_WORD}@127.0.0.1:1/db'"
    ended = selfinstruct("run", "-m", url, "tracking=off", "generation.target=4,5")
    assert ended.code in {2, 3}
    assert "oc.env:DB_WORD" in (tmp_path / next(Path().rglob("multirun.yaml"))).read_text()
    assert shown({"": "hunter2"}, ended.err, ended.out) == []
    assert holding({"": "hunter2"}, tmp_path) == []


def test_a_config_is_searched_for_keys_by_name_by_form_and_by_value() -> None:
    assert secret_in_config({"model": {"options": {"api_key": "x"}}}) is not None
    assert secret_in_config({"a": [{"b": 1}, f"x {KEY}"]}) is not None
    assert secret_in_config({"store": {"url": "postgresql://me:pw@h/db"}}) is not None
    assert secret_in_config({"model": {"api_key_env": "X", "options": {"api_key": None}}}) is None
    assert secret_in_config({"store": {"url": "postgresql://me:${oc.env:PW}@h/db"}}) is None
    assert secret_in_config({"prompts": {"template": "password=x"}, "limits": {"max_tokens": 5}}) is None


def test_variables_with_the_names_of_secrets_are_secrets_unless_they_are_short_or_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    values = {
        "A_API_KEY": "0123456789ab",
        "B_TOKEN": "0123456789a",
        "C_KEY_FILE": str(tmp_path),
        "D_WORD": "0123456789ab",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert values.keys() & secret_values().keys() == {"A_API_KEY"}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_key_is_masked_wherever_it_stands(form: str) -> None:
    text = f"before {FORMS[form]} after"
    assert shown(FORMS, masked(text, [KEY])) == []
    assert masked(text, [KEY]).startswith("before ") and masked(text, [KEY]).endswith(" after")


def test_eight_characters_of_a_key_in_a_row_are_masked_and_seven_are_not() -> None:
    assert masked("abcdefgh", ["xxabcdefghyy"]) == "***"
    assert masked("abcdefg", ["xxabcdefghyy"]) == "abcdefg"
    assert masked("the word is open", ["open"]) == "the word is ***"
    assert masked("nothing to hide", [None, ""]) == "nothing to hide"
