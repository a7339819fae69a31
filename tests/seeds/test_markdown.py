"""JSON Lines and Markdown hold the same tasks to the last character."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write_text
from selfinstruct.randomness import generator
from selfinstruct.records import Pair, SeedSet, SeedTask
from selfinstruct.seeds import from_markdown, load_seeds, to_jsonl, to_markdown
from tests.seeds.files import PUBLISHED, SHIPPED, TASK

NASTY = [
    *["`", "```", "````", "~~~~", "\n", "\n\n", "\r\n", "\r", "\t", " ", "   ", "\x0b", "\x0c", "\x00", "\x1c", "\x85"],
    *["\u2028", "\u2029", "\ufeff", "\u00a0", "\u3000", "\u200b", "\U0001f469\u200d\U0001f52c", "e\u0301", "日本語"],
    *[
        "# a",
        "## b",
        "### Instruction",
        "#### Output",
        "- id: x",
        "*none*",
        "\\n",
        '"',
        "'",
        "<b>",
        "&amp;",
        "text",
        "[",
    ],
    *[
        "\n````\n",
        "\n`````\n",
        "\n   ``````  \n",
        "```text",
        "````escaped",
        "> quote",
        "    code",
        "| a | b |",
        "---",
        "1. one",
        "def f():",
        "0",
        "{}",
    ],
]


def nasty_text(draw: random.Random) -> str:
    return "".join(draw.choice(NASTY) for _ in range(draw.randrange(1, 12)))


def nasty_set(ordinal: int) -> SeedSet:
    draw = generator(1, "nasty", ordinal)

    def text() -> str:
        return nasty_text(draw) + "x" + nasty_text(draw) if draw.random() < 0.8 else "x"

    def pair() -> Pair:
        return Pair(draw.choice(["", " ", "\n", nasty_text(draw)]), text())

    tasks = tuple(
        SeedTask(
            id=f"{text()}{index}",
            name=text(),
            instruction=text(),
            instances=tuple(pair() for _ in range(draw.randrange(1, 4))),
            is_classification=draw.random() < 0.5,
            breaks=draw.choice([(), ("singular",), ("integrous", "essential")]),
        )
        for index in range(3)
    )
    return SeedSet(text(), text(), tasks)


def test_the_markdown_form_is_the_documented_one() -> None:
    task = SeedTask("a_1", "two ways", "Say:\n```\nhi\n```", (Pair("", "hi\r\nho"),), True, ("singular", "complete"))
    assert to_markdown(SeedSet("mine", "high", (task,))) == (
        "# mine\n\n- quality: high\n\n## two ways\n\n- id: a_1\n- classification: yes\n- breaks: singular, complete\n\n"
        "### Instruction\n\n````text\nSay:\n```\nhi\n```\n````\n\n### Instance 1\n\n#### Input\n\n*none*\n\n"
        '#### Output\n\n````escaped\n[\n "hi\\r",\n "ho"\n]\n````\n'
    )


@pytest.mark.parametrize("ordinal", range(150))
def test_any_text_survives_markdown_and_json_lines(tmp_path: Path, ordinal: int) -> None:
    seed_set = nasty_set(ordinal)
    markdown = to_markdown(seed_set)
    assert from_markdown(markdown, "nasty.md") == seed_set
    assert from_markdown(markdown.replace("\n", "\r\n"), "nasty.md") == seed_set
    write_text(tmp_path / "nasty.md", markdown)
    write_text(tmp_path / "nasty.jsonl", to_jsonl(seed_set))
    for name in ("nasty.md", "nasty.jsonl"):
        assert load_seeds(tmp_path / name, seed_set.name, seed_set.quality) == seed_set


@pytest.mark.parametrize("file", PUBLISHED)
def test_the_published_files_survive_markdown(shared_data: Path, tmp_path: Path, file: str) -> None:
    assert_survives(shared_data / file, tmp_path)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_shipped_sets_survive_markdown(tmp_path: Path, path: Path) -> None:
    assert_survives(path, tmp_path)


def assert_survives(path: Path, folder: Path) -> None:
    seed_set = load_seeds(path, "s", "high")
    write_text(folder / "s.md", to_markdown(seed_set))
    read = load_seeds(folder / "s.md", "s", "high")
    write_text(folder / "s.jsonl", to_jsonl(read))
    assert load_seeds(folder / "s.jsonl", "s", "high") == read == seed_set


def test_a_raters_edit_of_a_fenced_text_is_read_as_it_stands() -> None:
    markdown = to_markdown(SeedSet("s", "high", (TASK,)))
    edit = "## Not a heading\n\n- id: not a fact\n```python\nhot()\n```\n  "
    pair = from_markdown(markdown.replace("\nhot\n", f"\n{edit}\n"), "s.md").tasks[0].instances[0]
    assert pair == Pair("cold", edit)


def test_a_hand_written_document_needs_neither_title_nor_quality_nor_id() -> None:
    text = "## x\n* classification: no\n### Instruction\n~\n"
    body = "```\nDo it.\n```\n### Instance\n#### Input\n```\n```\n#### Output\n```python\nx = 1\n```"
    assert from_markdown(text.replace("~\n", body), "folder/mine.md") == SeedSet(
        "mine", "unrated", (SeedTask("mine_0", "x", "Do it.", (Pair("", "x = 1"),), False),)
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("- id: a", "- ID: a", 's.md:7: "ID" is unknown in task antonym; use id, classification, breaks'),
        ("- id: a", "- id: a\n- id: b", 's.md:8: "id" stands here a second time; keep one'),
        (": no", ": maybe", 's.md:8: "is_classification" is a text; say true or false (in Markdown: yes or no)'),
        ("### Instruction", "### Task", 's.md:10: heading "Task" is unknown; use Instruction or Instance 1, 2, ...'),
        ("#### Input", "#### In", 's.md:18: heading "In" is out of place; use Input and Output below an Instance'),
        ("#### Input", "#### Output", 's.md:24: "instances[0].output" stands here a second time; keep one'),
        ("````text\nhot\n````", "*none*", 's.md:24: "instances[0].output" is empty; write the answer that is wanted'),
        ("hot\n````", "hot\n```", "s.md:26: this fence is never closed; end the text with a line of 4 backticks"),
        (
            "hot\n````",
            "hot\n````\nmore",
            "s.md:29: text outside the fences; put it between ```` and ````, or remove it",
        ),
        ("hot\n````", "hot\n````\n*none*", "s.md:29: a text that belongs to no field"),
        ("text\nhot", "escaped\nhot", "s.md:26: this escaped text is not a JSON list of its lines"),
        ("## antonym", '## "antonym', 's.md:5: "antonym starts with a quotation mark but is no JSON string'),
        ("- quality: high", "- level: high", 's.md:3: "level" is unknown here'),
        ("# s\n", "### Instruction\n", 's.md:1: heading "Instruction" stands outside a task'),
    ],
)
def test_a_document_out_of_form_is_refused_with_file_and_line(old: str, new: str, fault: str) -> None:
    markdown = to_markdown(SeedSet("s", "high", (TASK,)))
    assert markdown.count(old) == 1
    with pytest.raises(InputError) as raised:
        from_markdown(markdown.replace(old, new), "s.md")
    assert fault in str(raised.value).splitlines()[1]


def test_half_a_character_is_refused_before_it_reaches_a_file() -> None:
    with pytest.raises(InputError, match="replace the unpaired surrogate"):
        to_jsonl(SeedSet("s", "high", (replace(TASK, instruction="half \ud83d"),)))
