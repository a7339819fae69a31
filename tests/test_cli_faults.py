"""Slips on the command line: each gets one message that says what was probably meant, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT, Command

STUDY = "threshold_sweep"
KEY = "hf_aBCdefGHijkLMNopqRSTuvwXYz"
SLIPS = [
    (["rnu"], '"rnu" is no verb; did you mean "run"?'),
    (["fetch"], '"fetch" is no verb; choose one of run, refilter,'),
    (["run", "generation.targt=5"], 'generation.targt: unknown key; did you mean "generation.target"?'),
    (["run", "genration.target=5"], 'genration.target: unknown key; did you mean "generation.target"?'),
    (["run", "seeds=file", "seeds.pth=x"], 'seeds.pth: unknown key; did you mean "seeds.path"?'),
    (["run", "modle=offline"], 'modle: unknown key; did you mean "model"?'),
    (["run", "filters.instance.foo=true"], "filters.instance.foo: unknown key; filters.instance has output_empty, "),
    (["run", "benchmark=superni"], "benchmark: unknown key; selfinstruct run has model, seeds, "),
    (["ui", "prt=4"], 'prt: unknown key; did you mean "port"?'),
    (["run", "model=opnai"], 'model=opnai: no such option; did you mean "openai"? Or choose one of anthropic, azure, '),
    (["run", "seeds=klingon"], "seeds=klingon: no such option; choose one of bdd_high, "),
    (["run", "experiments=treshold_sweep"], f'no such option; did you mean "{STUDY}"?'),
    (["run", "-m", "experiments=treshold_sweep"], f'no such option; did you mean "{STUDY}"?'),
    (["evaluate", "experiments=nope"], "experiments=nope: no such option; choose one of data_size, "),
    (["finetune", "experiments=nope"], "experiments=nope: no such option"),
    (["study", "experiments=nope"], "experiments=nope: no such option"),
    (["run", "experiments=data_size"], "a chain of steps; run it by `selfinstruct study experiments=data_size`"),
    (["run", "-m", "experiments=data_size"], "experiments=data_size: a chain of steps"),
    (["study", "experiments=lookahead"], "no chain of steps; run it by `selfinstruct run -m experiments=lookahead`"),
    (["study"], "study: no value; give one, for example experiments=tune_and_evaluate"),
    (["seeds"], "path: no value; give one, for example path=my_seeds.jsonl"),
    (["ui", "port=http"], "port=http: not a port; give a number from 1 to 65535"),
    (["ui", "port=70000"], "port=70000: not a port"),
    (["run", "--generation.target=5"], "an override has no dashes: generation.target=5"),
    (["run", "--target", "5"], "--target: unknown option; an override has no dashes: target=..."),
    (["run", "generation.target"], "generation.target: no value; write an override as key=value"),
    (["run", "random_seed=1,2"], "random_seed=1,2: several values; add -m to sweep them, or write a list as [1,2]"),
    (["run", "prompts.instructions.template={{ x"], "put a value with signs of its own in quotes"),
    (["run", "model.name="], "model.name=: give it as <provider>/<model>, for example openai/my-model"),
    (["run", "model=openai_compatible", "model.name=openai/x"], "model.api_base: no value; give one, for example"),
    (["run", "judge=openai_compatible", "judge.name=openai/x"], "judge.api_base: no value; give one, for example"),
    (["run", "model=azure", "model.name=azure/x"], "model.api_base: no value"),
    (
        ["run", "model=vllm", "model.name=openai/x", "model.api_base=localhost:8000"],
        "write it as http://localhost:8000/v1",
    ),
    (["run", "model=vllm", "model.name=openai/x", "model.api_base=/x"], "write it as http://host:port/v1"),
    (["run", "model=openai", "model.api_key_env=NOT_SET_HERE"], "model.api_key_env=NOT_SET_HERE: this environment"),
]


@pytest.mark.parametrize(
    ("arguments", "says"), SLIPS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_slip_gets_one_line_with_what_was_probably_meant(
    selfinstruct: Command, tmp_path: Path, arguments: list[str], says: str
) -> None:
    ended = selfinstruct(*arguments)
    assert ended.code == 2, ended.err
    assert says in ended.err
    assert ended.err.startswith("selfinstruct: ") and ended.err.count("\n") == 1, ended.err
    assert ended.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_the_place_of_its_variables_name_is_not_shown_again(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["model=openai", f"model.api_key_env={KEY}"], ["-m", f"judge.api_key_env={KEY}", "judge=openai"]):
        ended = selfinstruct("run", *arguments)
        assert ended.code == 2
        assert "looks like a key" in ended.err and KEY[:8] not in ended.err
    (tmp_path / "mine/model").mkdir(parents=True)
    (tmp_path / "mine/model/own.yaml").write_text(f"defaults: [openai, _self_]\napi_key_env: {KEY}\n")
    for sweep in ([], ["-m", "random_seed=1,2"]):
        ended = selfinstruct("run", "--config-dir", "mine", *sweep, "model=own")
        assert ended.code == 2
        assert "looks like a key" in ended.err and KEY[:8] not in ended.err
    assert not (tmp_path / "runs").exists()
    monkeypatch.setenv(KEY, "a variable may be named like that")
    assert selfinstruct("run", "--config-dir", "mine", "model=own", "--cfg", "job").code == 0


def test_a_provider_that_nobody_knows_is_refused_before_anything_is_sent(
    selfinstruct: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")  # so short a key masks nothing: the message stays readable
    ended = selfinstruct("run", "model=openai", "model.name=nosuchprovider/model", "tracking=off")
    assert ended.code == 2, ended.err
    assert "model.name=nosuchprovider/model: LiteLLM knows no provider nosuchprovider; for a server" in ended.err


def test_a_missing_key_that_no_config_names_is_not_tried_again(
    selfinstruct: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    ended = selfinstruct("run", "model=base", "model.name=openai/gpt-4.1-mini", "tracking=off")
    assert ended.code == 3
    assert "name the variable that holds the key with model.api_key_env" in ended.err
    assert "try 1 of" not in ended.err


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("run_dir=here/is/a_file/mine", "run folder {0}/here/is/a_file/mine: Not a directory; a file stands where"),
        ("run_dir=here/is/a_file", "run folder {0}/here/is/a_file: File exists; a file stands where"),
        ("run_dir=" + "x" * 300, "choose a shorter run_dir"),
        ("run_dir=/proc/nowhere/mine", "choose a run_dir whose folders can be made"),
        ("store.url=sqlite:///here/is/a_file/x.db", "completion store here/is/a_file/x.db: "),
        ("store.url=sqlite:////proc/nowhere/x.db", "choose a store.url whose folder can be made"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_bad_input(
    selfinstruct: Command, tmp_path: Path, override: str, says: str
) -> None:
    (tmp_path / "here/is").mkdir(parents=True)
    (tmp_path / "here/is/a_file").write_text("mine")
    ended = selfinstruct("run", "tracking=off", "generation.target=2", override)
    assert ended.code == 2, ended.err
    assert says.format(tmp_path) in ended.err
    assert "Traceback" not in ended.err and ended.err.count("selfinstruct: ") == 1
    assert (tmp_path / "here/is/a_file").read_text() == "mine"


def test_a_port_that_is_taken_is_named(selfinstruct: Command) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = selfinstruct("ui", f"port={other.getsockname()[1]}")
    assert ended.code == 2, ended.err
    assert "Address already in use; choose another, for example port=5001" in ended.err


def test_seeds_are_written_where_that_is_possible_only(selfinstruct: Command, tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("mine")
    shipped = ROOT / "conf/seeds/bdd_high.jsonl"
    for place in ("a_file/seeds.md", "/proc/seeds.md"):
        ended = selfinstruct("seeds", f"path={shipped}", f"to={place}")
        assert ended.code == 2, ended.err
        assert f"to={place}: cannot be written (" in ended.err and "Traceback" not in ended.err


@pytest.mark.parametrize("written", ["a: [1\n", "other: 1\n", "- 1\n", "text\n"])
def test_a_run_whose_config_cannot_be_read_is_not_judged_again(
    selfinstruct: Command, tmp_path: Path, written: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/config.yaml").write_text(written)
    ended = selfinstruct("refilter", "run=mine")
    assert ended.code == 2, ended.err
    assert "mine/config.yaml: no config of a run (" in ended.err and "Traceback" not in ended.err
