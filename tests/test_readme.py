"""The documents keep their word: commands run, the tree is the folder, links lead somewhere, words map to code."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from selfinstruct.cli import VERBS
from tests.conftest import ROOT, Command

SMALL = ("generation.target=4", "generation.lookahead=4")
README = ROOT / "README.md"
STUDIES = ROOT / "experiments" / "README.md"


# Reading Markdown


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the line its content starts on (from 1), and its content."""

    language: str
    line: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A `selfinstruct ...` command that a document shows; `needs` says what it cannot run without ("a key")."""

    line: int
    arguments: tuple[str, ...]
    needs: str | None


def parse_blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    opened: tuple[str, str, int] | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        fence = re.match(r"\s*(`{3,}|~{3,})\s*(\w*)", line)
        if opened is None and fence:
            opened = (fence[1], fence[2], number + 1)
        elif opened is not None and line.strip() == opened[0]:
            blocks.append(Block(opened[1], opened[2], tuple(lines[opened[2] - 1 : number - 1])))
            opened = None
    return blocks


def parse_commands(text: str) -> list[Shown]:
    """Return the commands of all shell blocks, in the order a reader meets them."""
    commands = []
    for block in parse_blocks(text):
        if block.language in {"sh", "bash"}:
            marker = re.match(r"# needs (.+)", block.lines[0]) if block.lines else None
            for line, words in _shell_commands(block):
                if words[0].rpartition("/")[2] == "selfinstruct":
                    commands.append(Shown(line, tuple(words[1:]), marker[1] if marker else None))
    return commands


def _shell_commands(block: Block) -> list[tuple[int, list[str]]]:
    """Continued lines are joined; comments, variables before a command and what comes after a pipe are left out."""
    commands = []
    start, joined = block.line, ""
    for number, line in enumerate(block.lines, start=block.line):
        start = start if joined else number
        joined += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        for part in re.split(r"\s(?:&&|;)\s", joined):
            words = shlex.split(re.split(r"\s[|>]", part)[0], comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words:
                commands.append((start, words))
        joined = ""
    return commands


def parse_tree(lines: tuple[str, ...]) -> list[str]:
    """Return the paths of a drawn tree, folders with a slash at their end; what follows two spaces is a description.

    A line of three or more single words holds as many names.
    """
    paths: list[str] = []
    parents: list[tuple[int, str]] = []
    for line in lines:
        entry = re.match(r"[\s│├└─]*", line)
        depth = len(entry[0]) if entry else 0
        columns = re.split(r"\s{2,}", line[depth:].strip())
        if columns == [""]:
            continue
        while parents and parents[-1][0] >= depth:
            parents.pop()
        parent = parents[-1][1] if parents else ""
        names = columns if len(columns) > 2 and not any(" " in column for column in columns) else columns[:1]
        paths += [parent + name for name in names]
        if len(names) == 1 and names[0].endswith("/"):
            parents.append((depth, parent + names[0]))
    return paths


def parse_links(text: str) -> list[str]:
    """Return the targets of links and pictures outside code, also those of HTML tags."""
    for block in parse_blocks(text):
        text = text.replace("\n".join(block.lines), "")
    text = re.sub(r"`[^`\n]*`", "", text)
    return re.findall(r"\]\(([^()\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as code hosts make them."""
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


SAMPLE = """# Sample

See [below](#two-words) and [the file](a/b.md#part) and `[no](link)`. <img src="c.png">

## Two words

```sh
make demo
selfinstruct run \\
  model=offline   # a comment
.venv/bin/selfinstruct seeds path='a b.md' && selfinstruct --help
```

```bash
# needs a key
export OPENAI_API_KEY=...
KEY=x selfinstruct run model=openai | tee log
```

```text
selfinstruct run is not a command here, [nor](this.md) a link
```
"""


def test_commands_are_read_as_a_shell_reads_them() -> None:
    assert parse_commands(SAMPLE) == [
        Shown(9, ("run", "model=offline"), None),
        Shown(11, ("seeds", "path=a b.md"), None),
        Shown(11, ("--help",), None),
        Shown(17, ("run", "model=openai"), "a key"),
    ]


def test_links_are_read_outside_code_only() -> None:
    assert parse_links(SAMPLE) == ["#two-words", "a/b.md#part", "c.png"]
    assert anchors("# It's `a.b`, C++!\n## Two  words") == {"its-ab-c", "two--words"}


@pytest.mark.parametrize(
    "drawing",
    [
        "top/      what it is\n  a.py    first file\n  sub/    more\n    b.py  deep\nMakefile\nc.md  d.md  e.md\n",
        "top/\n├── a.py   first\n├── sub/\n│   └── b.py\nMakefile\n\nc.md   last but two\nd.md\ne.md\n",
    ],
)
def test_a_tree_is_read_by_its_indentation(drawing: str) -> None:
    assert parse_tree(tuple(drawing.splitlines())) == [
        "top/",
        "top/a.py",
        "top/sub/",
        "top/sub/b.py",
        "Makefile",
        "c.md",
        "d.md",
        "e.md",
    ]


# Commands


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
    return _shell_commands(block) if block.language in {"sh", "bash"} else []


# The tree


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, so nothing says what belongs to the tree")
    return listed.stdout.splitlines()


def tree_of(text: str) -> list[str]:
    drawings = [
        b for b in parse_blocks(text) if b.language == "text" and any(x.startswith("selfinstruct/") for x in b.lines)
    ]
    assert len(drawings) == 1, "the README draws the tree once, in a text block with a line selfinstruct/"
    return parse_tree(drawings[0].lines)


def missing_from(tree: list[str], files: list[str]) -> set[str]:
    """Return what belongs into the tree and is not there: the top level, and what lies directly in selfinstruct/."""
    listed = {path.rstrip("/") for path in tree}
    wanted = {name.partition("/")[0] for name in files}
    wanted |= {"/".join(name.split("/")[:2]) for name in files if name.startswith("selfinstruct/")}
    hidden = re.compile(r"(^|/)(\.|__|py\.typed)")
    return {name for name in wanted if not hidden.search(name)} - listed


def test_what_the_tree_leaves_out_is_found() -> None:
    files = ["README.md", ".gitignore", "selfinstruct/__init__.py", "selfinstruct/a.py", "selfinstruct/b/__init__.py"]
    assert missing_from(["README.md", "selfinstruct/", "selfinstruct/a.py", "selfinstruct/b/"], files) == set()
    assert missing_from(["selfinstruct/", "selfinstruct/a.py"], files) == {"README.md", "selfinstruct/b"}


def test_the_tree_of_the_readme_equals_the_folder() -> None:
    tree = tree_of(README.read_text(encoding="utf-8"))
    assert missing_from(tree, tracked()) == set()
    assert [path for path in tree if not (ROOT / path).exists()] == []
    assert [path for path in tree if path.endswith("/") != (ROOT / path).is_dir()] == []
    assert len(tree) == len(set(tree))


# Links and the glossary

DOCUMENTS = sorted([README, STUDIES, *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_and_picture_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in parse_links(text):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = document.parent / target if target else document
        assert path.exists(), f"{document.name}: {link}"
        assert ROOT in path.resolve().parents, f"{document.name}: {link} leaves the checkout"
        assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), f"{document.name}: {link}"


def test_the_glossary_maps_to_files_that_hold_what_it_names() -> None:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in re.findall(r"^\| (?!word |---).+\|$", text, re.MULTILINE)]
    places = [row[-2] for row in rows]
    assert len(places) > 30
    for word, place in ((row[1].strip(), row[-2]) for row in rows):
        named = re.findall(r"`([^`]+)`", place)
        paths = [name for name in named if "/" in name]
        assert paths, f"{word}: no place"
        assert [path for path in paths if not (ROOT / path).exists()] == [], word
        for symbol, path in re.findall(r"`(\w+)`(?: of `\w+`)? in `([^`]+\.(?:py|yaml))`", place):
            assert re.search(rf"\b{symbol}\b", (ROOT / path).read_text(encoding="utf-8")), f"{word}: {symbol} in {path}"
