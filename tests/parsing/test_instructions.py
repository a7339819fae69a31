"""The two readings of a list: equal on well-formed answers but for their documented differences."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from selfinstruct.parsing import read_instructions
from selfinstruct.records import Item
from selfinstruct.text import fold_white_space, sentence_case

TEXT = "name three rivers of Asia and say why each one matters to NASA, the EU or É. Zola; then 7 more, in 2 lines"
WORDS = TEXT.split()


def plain_reading(text: str, finish_reason: str) -> list[str]:
    """The published reading, stated again character by character: no regular expression, no shared code."""
    if finish_reason == "length":
        return []
    parts, part, at = [], "", 0
    while at < len(text):
        after = _end_of_number_mark(text, at) if text[at] == "\n" else None
        if after is None:
            part += text[at]
            at += 1
        else:
            parts.append(part)
            part, at = "", after
    parts.append(part)
    folded = [" ".join(part.split()) for part in parts]
    return [line[:1].upper() + line[1:].lower() for line in folded if line]


def _end_of_number_mark(text: str, at: int) -> int | None:
    """Line break, digits, at most one white space, a dot, a space: the index after them, or None."""
    at += 1
    first = at
    while at < len(text) and text[at].isdigit():
        at += 1
    if at == first:
        return None
    if at < len(text) and text[at].isspace():
        at += 1
    return at + 2 if text[at : at + 2] == ". " else None


def well_formed(seed: int) -> str:
    """An answer as the paper's prompt asks for it: continues "9.", one line an item."""
    rng = random.Random(seed)
    items = [" ".join(rng.sample(WORDS, rng.randint(1, 12))) for _ in range(rng.randint(1, 8))]
    dots = [rng.choice([". ", " . "]) for _ in items]
    return " " + items[0] + "".join(f"\n{10 + n}{dots[n]}{item}" for n, item in enumerate(items[1:]))


def texts(items: Sequence[Item]) -> list[str]:
    return [item.text for item in items]


@pytest.mark.parametrize("seed", range(200))
def test_published_equals_an_independent_statement_of_it(seed: int) -> None:
    answer = well_formed(seed)
    items = read_instructions(answer, "stop", True, (), "published")
    assert texts(items) == plain_reading(answer, "stop")
    assert all(item.verdict.is_kept for item in items)


@pytest.mark.parametrize("seed", range(200))
def test_own_gives_the_published_items_on_well_formed_answers_but_for_case(seed: int) -> None:
    answer = well_formed(seed)
    own = read_instructions(answer, "stop", True, (), "own")
    assert [sentence_case(fold_white_space(text)) for text in texts(own)] == plain_reading(answer, "stop")
    assert all(item.verdict.is_kept for item in own)


def test_a_truncated_answer_keeps_nothing_as_published_and_all_but_the_last_item_in_own() -> None:
    answer = " Alpha.\n10. Beta.\n11. Gam"
    published = read_instructions(answer, "length", True, (), "published")
    own = read_instructions(answer, "length", True, (), "own")
    assert [item.verdict.rule for item in published] == ["truncated"] * 3
    assert [item.verdict.rule for item in own] == ["kept", "kept", "truncated"]
    assert texts(own) == ["Alpha.", "Beta.", "Gam"]
    assert own[-1].verdict.saw == "Gam"


def test_what_truncation_saw_is_the_last_forty_characters() -> None:
    [item] = read_instructions(" " + "a" * 50 + "b" * 40, "length", True, (), "own")
    assert item.verdict.saw == "b" * 40
    assert item.text == "a" * 50 + "b" * 40


def test_an_unreadable_answer_keeps_all_its_text_and_shows_its_first_words() -> None:
    answer = "<think>" + "x" * 100
    [item] = read_instructions(answer, "stop", False, (), "own")
    assert (item.text, item.verdict.rule, item.verdict.saw) == (answer, "unreadable", answer[:40])


def test_any_text_is_read_without_an_error_and_in_linear_time() -> None:
    for answer in _nasty_texts():
        for compatibility in ("own", "published"):
            for is_open in (True, False):
                items = read_instructions(answer, "length", is_open, ("STOP",), compatibility)  # type: ignore[arg-type]
                assert items or not answer.strip()


def _nasty_texts() -> Iterator[str]:
    rng = random.Random(7)
    pieces = [
        "\n",
        "\n\n",
        "9. ",
        "**",
        "```",
        "```py\n",
        "Sure!\n",
        "### ",
        "- ",
        "{",
        '["a"',
        "]",
        '"',
        "<think>",
        "É",
        " ",
    ]
    for _ in range(300):
        yield "".join(rng.choice(pieces) for _ in range(rng.randint(1, 30))) + "x"
    # Each of these took seconds under a pattern that was tried once more at every character.
    yield from (piece * 8000 + "x" for piece in (" ", "\n", "`", "\n---", "Sure!\n", "\n9. a", "[", "**a", "I'm "))


@pytest.mark.shared
def test_published_instructions_survive_being_listed_and_read(shared_data: Path) -> None:
    """52,002 instructions of Alpaca in lists of seven: only one with a loose `16.` at a line start is split."""
    with gzip.open(shared_data / "alpaca" / "instructions_52k.jsonl.gz", "rt", encoding="utf-8") as lines:
        instructions = [json.loads(line)["instruction"].strip() for line in lines]
    assert len(instructions) == 52_002
    unequal = []
    for start in range(0, len(instructions), 7):
        seven = instructions[start : start + 7]
        answer = "\n".join(f"{9 + n}. {text}" for n, text in enumerate(seven))
        if texts(read_instructions(answer, "stop", False, (), "own")) != seven:
            unequal.append(start)
    assert len(unequal) == 1
    assert '\n16. "Rain,"' in "\n".join(instructions[unequal[0] : unequal[0] + 7])


@pytest.mark.shared
@pytest.mark.parametrize("quality", ["high", "mixed"])
def test_scenarios_of_several_lines_stay_whole(shared_data: Path, quality: str) -> None:
    """The 175 seeds of the domain study: each one is one item; the tab before every line of the block goes."""
    path = shared_data / "selfbehave" / f"{quality}_quality_seed_tasks.jsonl"
    seeds = [json.loads(line)["instruction"].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    answer = "\n\n".join(f"{9 + n}. {text}" for n, text in enumerate(seeds))
    read = texts(read_instructions(answer, "stop", False, (), "own"))
    assert len(read) == 175
    assert [fold_white_space(text) for text in read] == [fold_white_space(text) for text in seeds]
    assert all(text.count("\n") == seed.count("\n") for text, seed in zip(read, seeds, strict=True))
