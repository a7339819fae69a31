"""The commands that README.md and experiments/README.md show run, in their order, and leave what is drawn there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from selfinstruct.cli import VERBS
from tests.conftest import ROOT, Command
from tests.documents.markdown import (
    README,
    STUDIES,
    Block,
    Shown,
    parse_blocks,
    parse_commands,
    parse_tree,
    shell_commands,
)

SMALL = ("generation.target=4", "generation.lookahead=4")


def small(shown: Shown) -> tuple[str, ...]:
    """Return the command as a test runs it: small, and untracked unless it sweeps.

    It is only composed where it needs something, or names a study (test_sweeps.py runs those).
    """
    verb, rest = shown.arguments[0], shown.arguments[1:]
    if verb not in VERBS or {"--help", "--cfg"} & set(rest):
        return shown.arguments
    if shown.needs or any(argument.startswith("experiments=") for argument in rest):
        return (verb, "--cfg", "job", *(argument for argument in rest if argument not in {"-m", "--multirun"}))
    extra = SMALL if verb == "run" else ()
    is_tracked = verb in {"run", "refilter"} and not {"-m", "--multirun"} & set(rest)
    return (verb, *rest, *extra, *(("tracking=off",) if is_tracked else ()))


def test_a_command_is_made_small_before_it_runs() -> None:
    assert small(Shown(1, ("run", "a=1"), None)) == ("run", "a=1", *SMALL, "tracking=off")
    assert small(Shown(1, ("run", "-m", "a=1,2"), None)) == ("run", "-m", "a=1,2", *SMALL)
    assert small(Shown(1, ("run", "model=openai"), "a key")) == ("run", "--cfg", "job", "model=openai")
    assert small(Shown(1, ("run", "-m", "experiments=x"), None)) == ("run", "--cfg", "job", "experiments=x")
    assert small(Shown(1, ("ui",), "a browser")) == ("ui", "--cfg", "job")
    assert small(Shown(1, ("export", "run=x"), None)) == ("export", "run=x")
    assert small(Shown(1, ("run", "--help"), None)) == ("run", "--help")


def test_the_commands_of_the_readme_run_in_their_order(selfinstruct: Command, tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    shown = parse_commands(text)
    assert {command.arguments[0] for command in shown} >= {"run", "export", "seeds"}
    for command in shown:
        ended = selfinstruct(*small(command))
        assert ended.code == 0, f"README.md:{command.line}: {' '.join(small(command))}\n{ended.err[-2000:]}"
    check_run_folder(text, tmp_path)
    run_python_blocks(text, tmp_path)


def check_run_folder(text: str, folder: Path) -> None:
    """The README's drawing of a run folder is what the README's own commands left."""
    (drawing,) = [block for block in parse_blocks(text) if block.lines and block.lines[0].startswith("runs/<name>")]
    top, *listed = parse_tree(drawing.lines)
    manifests = [
        path for path in sorted((folder / "runs").glob("*/manifest.json")) if "refilter" not in path.parent.name
    ]
    assert manifests
    for manifest in manifests:
        found = {f"{path.name}/" if path.is_dir() else path.name for path in manifest.parent.glob("[!.]*")}
        assert {path.removeprefix(top) for path in listed} == found


def run_python_blocks(text: str, folder: Path) -> None:
    for block in parse_blocks(text):
        if block.language == "python":
            environment = {**os.environ, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}
            command = [sys.executable, "-c", "\n".join(block.lines)]
            ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, f"README.md:{block.line}\n{ended.stderr[-2000:]}"


def test_the_commands_of_the_studies_run(selfinstruct: Command) -> None:
    for command in parse_commands(STUDIES.read_text(encoding="utf-8")):
        ended = selfinstruct(*small(command))
        assert ended.code == 0, f"experiments/README.md:{command.line}: {ended.err[-2000:]}"


def test_every_study_stands_in_the_table_with_the_command_at_its_top() -> None:
    table = STUDIES.read_text(encoding="utf-8")
    studies = sorted((ROOT / "experiments").glob("*.yaml"))
    assert studies
    for path in studies:
        text = path.read_text(encoding="utf-8")
        command = f"selfinstruct run -m experiments={path.stem}"
        if "steps:" in text:
            command = f"selfinstruct study experiments={path.stem} settings.base=<model> settings.tasks=<file>"
        assert f"# {command}" in text.splitlines()[:2], path.name
        row = re.search(rf"^\| `{path.stem}` \| .+\? \| `(.+)` \|$", table, re.MULTILINE)
        assert row is not None and row[1] == command, path.name


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = README.read_text(encoding="utf-8")
    in_blocks = [words[1] for b in parse_blocks(text) for _, words in _shell_words(b) if words[0] == "make"]
    named = {*in_blocks, *re.findall(r"`make ([a-z]+)`", text)}
    assert "test" in named
    assert named <= targets


def _shell_words(block: Block) -> list[tuple[int, list[str]]]:
    return shell_commands(block) if block.language in {"sh", "bash"} else []
