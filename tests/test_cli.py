"""The command line: help, bad input (one clear message, exit code 2, nothing written), and what a run leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command

SMALL = ("generation.target=8", "generation.lookahead=4", "tracking=off")


def test_help_names_every_verb(selfinstruct: Command) -> None:
    ended = selfinstruct("--help")
    assert ended.code == 0
    for verb in ("run", "export", "seeds", "ui"):
        assert re.search(rf"^  {verb} ", ended.out, re.MULTILINE)


def test_the_help_of_run_names_groups_and_only_keys_that_exist(selfinstruct: Command) -> None:
    ended = selfinstruct("run", "--help")
    config = selfinstruct("run", "--cfg", "job").out
    keys = set(re.findall(r"(?<![\w.])([a-z]+\.[a-z_]+(?:\.[a-z_]+)?)(?= |$|=)", ended.out, re.MULTILINE))
    assert {"generation.target", "filters.instruction.max_rouge_l", "limits.max_cost_usd"} <= keys
    for key in keys:
        assert f"{key.rpartition('.')[2]}:" in config, key
    assert "model: anthropic, azure" in ended.out


def test_the_composed_config_is_printed_and_nothing_is_run(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "--cfg", "job", "generation.target=7")
    assert "target: 7" in ended.out
    assert list(tmp_path.iterdir()) == []


BAD = [
    (["run", "generation.traget=5"], "traget"),
    (["run", "+generation.traget=5"], 'did you mean "generation.target"'),
    (["run", "generation.target=many"], 'generation.target="many"'),
    (["run", "generation.target=0"], "generation.target=0: input should be greater than or equal to 1"),
    (["run", "filters.instruction.max_rouge_l=1.7"], "filters.instruction.max_rouge_l=1.7"),
    (["run", "filters.instruction.min_words=200"], "min_words=200 is above max_words=150"),
    (["run", "filters.instruction.tokenizer=klingon"], "'rouge' or 'unicode'"),
    (["run", "limits.max_concurrency=0"], "limits.max_concurrency=0"),
    (["run", "seeds=file"], "seeds.path: no value; give one"),
    (["run", "seeds=file", "seeds.path=nowhere.jsonl"], "nowhere.jsonl"),
    (["run", "model=nosuch"], "model=nosuch: no such option"),
    (["run", "model=openai"], "OPENAI_API_KEY: this environment variable is not set"),
    (["run", "model=vllm"], "model.name: no value"),
    (["run", "model.name=gpt"], "<provider>/<model>"),
    (["run", "model.mode=completion"], "written for chat models"),
    (["run", "model.options.api_key=sk-123"], "a key on the command line"),
    (["run", "model.options.rates.refusal=2"], "refusal"),
    (["run", "limits=null"], "limits=null: names no option of this group; leave it out, or choose one of default"),
    (["run", "store.url=mysql://x/y"], "only sqlite and postgresql"),
    (["run", "tracking.uri=./mlruns"], "tracking.uri"),
    (["run", "prompts.instructions.template='{{ examples'"], "prompts"),
    (["run", "random_seed=null"], "random_seed=null"),
    (["run", "generation.target=5", "generation.target"], "generation.target"),
    (["run", "name=${oc.env:NOT_SET_ANYWHERE}"], "NOT_SET_ANYWHERE"),
    (["export"], "run: no value"),
    (["export", "run=nowhere"], "no manifest.json there"),
    (["seeds", "path=nowhere.jsonl"], "nowhere.jsonl"),
    (["runn"], 'did you mean "run"?'),
]


@pytest.mark.parametrize(
    ("arguments", "says"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_gets_one_message_and_nothing_is_written(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    ended = selfinstruct(*arguments)
    assert ended.code == 2, ended.err
    assert says in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.count("selfinstruct: ") == 1
    assert ended.out == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_run_leaves_a_whole_folder_and_says_where(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", *SMALL)
    assert ended.code == 0, ended.err
    (folder,) = (tmp_path / "runs").glob("general-grammar-*")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}
    assert names == {
        "manifest.json",
        "config.yaml",
        "seeds.jsonl",
        "candidates.jsonl",
        "requests.jsonl",
        "instructions.jsonl",
        "instances.jsonl",
        "dropped.jsonl",
        "report/metrics.json",
        "export/alpaca.json",
        "export/openai_chat.jsonl",
        "export/prompt_completion.jsonl",
        "export/dataset.parquet",
        "export/README.md",
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "done"
    assert manifest["counts"]["accepted"] == len((folder / "instructions.jsonl").read_text().splitlines()) == 8
    assert f"{folder.relative_to(tmp_path)}/export" in ended.out and manifest["dataset_sha256"] in ended.out


def test_a_finished_run_is_opened_for_reading_only(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct("run", *SMALL)
    (folder,) = (tmp_path / "runs").glob("general-*")
    records = list(folder.glob("*.jsonl"))
    before = {path: path.stat().st_mtime_ns for path in records}
    (tmp_path / "runs" / "completions.db").unlink()  # a finished run needs no store either
    ended = selfinstruct("run", *SMALL)
    assert ended.code == 0
    assert before == {path: path.stat().st_mtime_ns for path in records}


def test_a_finished_run_whose_data_was_edited_is_not_overwritten(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct("run", *SMALL)
    (file,) = (tmp_path / "runs").glob("general-*/instances.jsonl")
    file.write_text(file.read_text() + "{}\n")
    ended = selfinstruct("run", *SMALL)
    assert ended.code == 2
    assert "the dataset is not the one that its manifest names" in ended.err


def test_a_run_folder_of_another_config_is_refused(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct("run", *SMALL, "run_dir=mine")
    ended = selfinstruct("run", *SMALL, "run_dir=mine", "random_seed=1")
    assert ended.code == 2
    assert "holds something else" in ended.err


def test_exports_are_written_again_with_other_options(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct("run", *SMALL, "run_dir=mine")
    with_seeds = json.loads((tmp_path / "mine/export/alpaca.json").read_text())
    ended = selfinstruct("export", "run=mine", "export.formats=[alpaca]", "export.include_seed_tasks=false")
    assert ended.code == 0, ended.err
    machine = json.loads((tmp_path / "mine/export/alpaca.json").read_text())
    instances = (tmp_path / "mine/instances.jsonl").read_text().splitlines()
    assert len(machine) == len(instances) < len(with_seeds)


def test_seeds_are_checked_and_converted_both_ways(selfinstruct: Command, tmp_path: Path) -> None:
    shipped = ROOT / "conf/seeds/general.jsonl"
    assert selfinstruct("seeds", f"path={shipped}", "to=general.md").code == 0
    ended = selfinstruct("seeds", "path=general.md", "to=again.jsonl")
    assert "112 tasks (28 classification)" in ended.out
    assert (tmp_path / "again.jsonl").read_text() == shipped.read_text()


def test_users_groups_are_found_beside_the_shipped_ones(selfinstruct: Command, tmp_path: Path) -> None:
    (tmp_path / "mine/generation").mkdir(parents=True)
    (tmp_path / "mine/generation/tiny.yaml").write_text("defaults: [default, _self_]\ntarget: 3\n")
    ended = selfinstruct("run", "--config-dir", "mine", "generation=tiny", "tracking=off", "run_dir=out")
    assert ended.code == 0, ended.err
    assert len((tmp_path / "out/instructions.jsonl").read_text().splitlines()) == 3


def test_a_cap_ends_the_run_in_order_and_a_higher_one_goes_on(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", *SMALL, "run_dir=capped", "limits.max_requests=6")
    assert ended.code == 4
    assert "limits.max_requests=6 reached" in ended.err
    manifest = json.loads((tmp_path / "capped/manifest.json").read_text())
    assert (manifest["status"], manifest["exit_code"], manifest["sent"]) == ("stopped", 4, 6)
    assert selfinstruct("run", *SMALL, "run_dir=capped").code == 0
    assert selfinstruct("run", *SMALL, "run_dir=whole", "store.url=sqlite:///other.db").code == 0
    capped, whole = (json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("capped", "whole"))
    assert capped["dataset_sha256"] == whole["dataset_sha256"]
    assert capped["from_store"] == 6


def test_tab_completion_knows_verbs_groups_and_keys() -> None:
    def complete(line: str) -> str:
        environment = {**os.environ, "COMP_LINE": line, "COMP_POINT": str(len(line))}
        command = [sys.executable, "-m", "selfinstruct.cli", "-sc", "query=bash"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert {"run", "export", "seeds", "ui"} <= set(complete("selfinstruct ").split())
    assert "model=openai" in complete("selfinstruct run model=o")
    assert "generation.target=" in complete("selfinstruct run generation.t")


def test_a_yaml_that_cannot_be_read_is_named_with_its_line(selfinstruct: Command, tmp_path: Path) -> None:
    broken = tmp_path / "mine" / "filters" / "broken.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("instruction: [a\n", encoding="utf-8")
    ended = selfinstruct("run", "--config-dir", str(tmp_path / "mine"), "filters=broken")
    assert ended.code == 2
    assert "broken.yaml" in ended.err and "line 2" in ended.err and "correct this YAML file" in ended.err
    assert "Traceback" not in ended.err
