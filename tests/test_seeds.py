"""Seed sets: every fault is found and placed, and JSON Lines and Markdown hold the same tasks to the last character."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write_text
from selfinstruct.randomness import generator
from selfinstruct.records import Pair, SeedSet, SeedTask
from selfinstruct.seeds import check_seeds, content_sha256, from_markdown, load_seeds, to_jsonl, to_markdown

SHIPPED = Path(__file__).resolve().parents[1] / "conf" / "seeds"
PUBLISHED = {  # file: (tasks, classification tasks), counted in the published files
    "self-instruct/seed_tasks.jsonl": (175, 26),
    "selfbehave/high_quality_seed_tasks.jsonl": (175, 0),
    "selfbehave/mixed_quality_seed_tasks.jsonl": (175, 0),
}
GOOD: dict[str, Any] = {
    "id": "a",
    "name": "antonym",
    "instruction": "Name the opposite of the word.",
    "instances": [{"input": "cold", "output": "hot"}],
    "is_classification": False,
}
TASK = SeedTask("a", "antonym", "Name the opposite of the word.", (Pair("cold", "hot"),), False)
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


def lines_of(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def seed_file(folder: Path, *records: Any) -> Path:
    path = folder / "seeds.jsonl"
    write_text(path, lines_of(*records))
    return path


def only_fault(folder: Path, **changes: Any) -> str:
    """The one fault of a good task with these fields changed; a field set to ... is left out."""
    record = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    faults = check_seeds(seed_file(folder, record), "s").faults
    assert len(faults) == 1, faults
    return faults[0].removeprefix(f"{folder}/")


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


def test_a_good_file_loads_in_file_order_with_name_and_quality(tmp_path: Path) -> None:
    path = seed_file(tmp_path, GOOD, GOOD | {"id": "b", "instruction": "Other.", "breaks": ["singular"]})
    second = replace(TASK, id="b", instruction="Other.", breaks=("singular",))
    assert load_seeds(path, "mine", "high") == SeedSet("mine", "high", (TASK, second))


@pytest.mark.parametrize(("file", "counts"), PUBLISHED.items())
def test_the_published_seed_files_load(shared_data: Path, file: str, counts: tuple[int, int]) -> None:
    tasks = load_seeds(shared_data / file, "published", "unrated").tasks
    assert (len(tasks), sum(task.is_classification for task in tasks)) == counts


def test_a_repeated_instruction_is_a_warning_as_the_published_mixed_set_has_one(shared_data: Path) -> None:
    check = check_seeds(shared_data / "selfbehave" / "mixed_quality_seed_tasks.jsonl", "mixed")
    assert check.faults == ()
    assert len(check.warnings) == 1
    assert 'mixed_quality_seed_tasks.jsonl:110: "instruction" repeats' in check.warnings[0]


def test_white_space_does_not_hide_a_repeated_instruction(tmp_path: Path) -> None:
    spaced = GOOD | {"id": "b", "instruction": "Name the\n opposite of the word. "}
    other = GOOD | {"id": "c", "instruction": "Name the opposite of the word"}
    check = check_seeds(seed_file(tmp_path, GOOD, spaced, other), "s")
    assert [warning.partition(": ")[0] for warning in check.warnings] == [f"{tmp_path}/seeds.jsonl:2"]


def test_id_and_name_may_be_left_out(tmp_path: Path) -> None:
    bare = {key: value for key, value in GOOD.items() if key not in {"id", "name"}}
    named = bare | {"instruction": "Other.", "id": "own"}
    tasks = load_seeds(seed_file(tmp_path, bare, named), "mine", "unrated").tasks
    assert [(task.id, task.name) for task in tasks] == [("mine_0", "mine_0"), ("own", "own")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, 'seeds.jsonl:1: "id" is empty; give a text or leave it out'),
        ({"id": 7}, 'seeds.jsonl:1: "id" is a number, not a text; give a text or leave it out'),
        ({"name": None}, 'seeds.jsonl:1: "name" is null, not a text; give a text or leave it out'),
        ({"instruction": ...}, 'seeds.jsonl:1: "instruction" is missing; write what is to be done'),
        ({"instruction": " \n"}, 'seeds.jsonl:1: "instruction" is empty; write what is to be done'),
        ({"instruction": ["x"]}, 'seeds.jsonl:1: "instruction" is a list, not a text; write what is to be done'),
        ({"instances": ...}, 'seeds.jsonl:1: "instances" is missing; give at least one input/output pair'),
        ({"instances": []}, 'seeds.jsonl:1: "instances" is empty; give at least one input/output pair'),
        ({"instances": {}}, 'seeds.jsonl:1: "instances" is an object, not a list; give at least one input/output pair'),
        (
            {"instances": ["hot"]},
            'seeds.jsonl:1: "instances[0]" is a text, not an object; give {"input": ..., "output": ...}',
        ),
        (
            {"instances": [{"output": "hot"}]},
            'seeds.jsonl:1: "instances[0].input" is missing; write "" where the task needs none',
        ),
        (
            {"instances": [{"input": "", "output": "a"}, {"input": "b"}]},
            'seeds.jsonl:1: "instances[1].output" is missing; write the answer that is wanted',
        ),
        (
            {"instances": [{"input": "b", "output": " "}]},
            'seeds.jsonl:1: "instances[0].output" is empty; write the answer that is wanted',
        ),
        (
            {"instances": [{"input": 1, "output": "a"}]},
            'seeds.jsonl:1: "instances[0].input" is a number, not a text; write "" where the task needs none',
        ),
        (
            {"is_classification": ...},
            'seeds.jsonl:1: "is_classification" is missing; say true or false (in Markdown: yes or no)',
        ),
        (
            {"is_classification": "yes"},
            'seeds.jsonl:1: "is_classification" is a text; say true or false (in Markdown: yes or no)',
        ),
        (
            {"is_classification": 0},
            'seeds.jsonl:1: "is_classification" is a number; say true or false (in Markdown: yes or no)',
        ),
        (
            {"breaks": "singular"},
            'seeds.jsonl:1: "breaks" is a text, not a list; list some of essential, singular, complete, integrous',
        ),
        (
            {"breaks": ["single"]},
            "seeds.jsonl:1: \"breaks\" names 'single'; list some of essential, singular, complete, integrous",
        ),
        ({"breaks": ["singular"] * 2}, 'seeds.jsonl:1: "breaks" names a criterion twice; name it once'),
        (
            {"instruction": "half \ud83d"},
            'seeds.jsonl:1: "instruction" holds half a character (an unpaired surrogate); replace it',
        ),
    ],
)
def test_a_faulty_field_is_named_with_file_line_and_remedy(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert only_fault(tmp_path, **changes) == message


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"instances": ..., "instance": []}, '"instance" is unknown; did you mean "instances"?'),
        ({"Instruction": "x", "instruction": ...}, '"Instruction" is unknown; did you mean "instruction"?'),
        ({"classification": True, "is_classification": ...}, 'is unknown; did you mean "is_classification"?'),
        ({"break": ["singular"]}, '"break" is unknown; did you mean "breaks"?'),
        (
            {"instances": [{"inputs": "", "output": "x"}]},
            '"instances[0].inputs" is unknown; did you mean "instances[0].input"?',
        ),
        ({"instances": ..., "input": "", "output": "x"}, 'move "input" and "output" into a list'),
    ],
)
def test_a_near_miss_gets_a_hint_and_no_second_complaint(tmp_path: Path, changes: dict[str, Any], hint: str) -> None:
    assert hint in only_fault(tmp_path, **changes)


@pytest.mark.parametrize("key", ["source", "uid", "filename", "instance"])
def test_other_keys_are_tolerated_and_so_is_a_near_miss_of_a_field_that_is_there(tmp_path: Path, key: str) -> None:
    path = seed_file(tmp_path, {**GOOD, key: 1})
    assert load_seeds(path, "s", "unrated").tasks == (TASK,)


def test_a_key_of_another_meaning_is_no_near_miss(tmp_path: Path) -> None:
    record = {"uid": 1} | {key: value for key, value in GOOD.items() if key != "id"}
    assert load_seeds(seed_file(tmp_path, record), "s", "unrated").tasks[0].id == "s_0"


def test_all_faults_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    bad = GOOD | {"instruction": "", "instances": []}
    write_text(path, lines_of(GOOD) + "{oops\n\n" + lines_of([1], bad, GOOD))
    with pytest.raises(InputError) as raised:
        load_seeds(path, "s", "high")
    heading, *faults = str(raised.value).splitlines()
    assert heading == f"{path}: 6 faults in the seed tasks; repair and repeat"
    assert [fault.removeprefix(f"{path}:").partition(" (")[0] for fault in faults] == [
        "2: not valid JSON",
        "4: not a JSON object; put one JSON object on each line",
        '5: "instruction" is empty; write what is to be done',
        '5: "instances" is empty; give at least one input/output pair',
        f'5: "id" a is taken by {path}:1; give every task its own',
        f'6: "id" a is taken by {path}:1; give every task its own',
    ]


@pytest.mark.parametrize(("count", "listed"), [(20, 20), (21, 21)])
def test_twenty_faults_are_listed_and_the_others_counted(tmp_path: Path, count: int, listed: int) -> None:
    path = tmp_path / "seeds.jsonl"
    write_text(path, "[]\n" * count)
    with pytest.raises(InputError) as raised:
        load_seeds(path, "s", "high")
    faults = str(raised.value).splitlines()[1:]
    assert len(faults) == listed
    assert (faults[-1] == "... and 1 more") == (count == 21)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    for name in ("seeds.jsonl", "seeds.md"):
        write_text(tmp_path / name, text)
        with pytest.raises(InputError, match=rf"{name}: no seed task in it"):
            load_seeds(tmp_path / name, "s", "high")


def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b"{}\n\xff\n")
    (tmp_path / "bad.jsonl.gz").write_bytes(b"not packed")
    (tmp_path / "seeds.csv").write_bytes(b"")
    expected = {
        "none.jsonl": "no such seed file or folder",
        "bad.jsonl": r"bad\.jsonl:2: not UTF-8",
        "bad.jsonl.gz": "cannot be read",
        "seeds.csv": "unknown kind of seed file",
        ".": "no .md file in this folder",
    }
    for name, message in expected.items():
        with pytest.raises(InputError, match=message):
            load_seeds(tmp_path / name, "s", "high")


def test_packed_files_marked_files_and_windows_line_ends_load_alike(tmp_path: Path) -> None:
    data = lines_of(GOOD).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    (tmp_path / "b.jsonl").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    for name in ("a.jsonl.gz", "b.jsonl"):
        assert load_seeds(tmp_path / name, "s", "high").tasks == (TASK,)


def test_a_folder_of_markdown_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        task = replace(TASK, id=name, name=name, instruction=f"Do {name}.")
        write_text(tmp_path / f"{name}.md", to_markdown(SeedSet("ignored", "ignored", (task,))))
    write_text(tmp_path / "notes.txt", "not read")
    seed_set = load_seeds(tmp_path, "both", "high")
    assert (seed_set.name, seed_set.quality, [task.id for task in seed_set.tasks]) == ("both", "high", ["a", "b"])


def test_the_content_hash_ignores_path_format_and_labels_only(tmp_path: Path) -> None:
    seed_set = load_seeds(seed_file(tmp_path, GOOD), "s", "high")
    write_text(tmp_path / "other.md", to_markdown(seed_set))
    same = load_seeds(tmp_path / "other.md", "t", "mixed")
    relabelled = SeedSet("s", "high", (replace(TASK, id="z", name="z", breaks=("singular",)),))
    assert content_sha256(seed_set) == content_sha256(same) == content_sha256(relabelled)
    changed = [
        replace(TASK, instruction="x"),
        replace(TASK, is_classification=True),
        replace(TASK, instances=(Pair("cold", "Hot"),)),
        replace(TASK, instances=(Pair("hot", "cold"),)),
    ]
    hashes = {content_sha256(SeedSet("s", "high", (task,))) for task in [TASK, *changed]}
    assert len(hashes) == 1 + len(changed)


def test_the_content_hash_is_the_sha_256_of_canonical_json() -> None:
    # printf '[{"instances":[{"input":"cold","output":"hot"}],"instruction":"Name the opposite of the word.",
    # "is_classification":false}]' (on one line) | sha256sum
    expected = "7cf0bcf2c57f7cdead240473063d559ae900793dc957097a1b067afe2d172972"
    assert content_sha256(SeedSet("s", "high", (TASK,))) == expected


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
