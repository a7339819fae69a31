"""The tree is the folder, links lead somewhere, words map to code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.documents.markdown import (
    README,
    STUDIES,
    anchors,
    parse_blocks,
    parse_links,
    parse_tree,
)


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
