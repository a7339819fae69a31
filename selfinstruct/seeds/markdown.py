"""Seed sets as Markdown that people can read and edit on a web page, and back, without losing a character.

    # bdd_high

    - quality: high

    ## lend_a_book

    - id: bdd_high_000
    - classification: no
    - breaks: singular, complete          (only where a task breaks a criterion)

    ### Instruction

    ````text
    Write behave steps for ...
    ````

    ### Instance 1

    #### Input

    *none*

    #### Output

    ````text
    from behave import given, when, then
    ````

A text is what stands between the fences, without the last line break; `*none*` is the empty text. A fence is longer
than any run of backticks in its text. Characters that editors lose (carriage returns, control characters, U+2028 and
the like) are written in an `escaped` fence: a JSON list of the text's lines. Unusual names are JSON strings.
"""

from __future__ import annotations

import json
import re

from selfinstruct.records import SeedSet, SeedTask
from selfinstruct.seeds.checking import check_tasks, refuse
from selfinstruct.seeds.markdown_reader import ESCAPED, NONE, parse_markdown

__all__ = ["from_markdown", "parse_markdown", "to_markdown"]

# Four at least: a rater may then paste an ordinary ``` block into a text.
_SHORTEST_FENCE = 4
_FRAGILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_PLAIN_NAME = re.compile(r"[\w(][\w .,:;!?()'/+&-]*")


def to_markdown(seed_set: SeedSet) -> str:
    """Return the set as one Markdown document; from_markdown gives back an equal set."""
    head = f"# {_name(seed_set.name)}\n\n- quality: {_name(seed_set.quality)}\n"
    return head + "".join("\n" + _task(task) for task in seed_set.tasks)


def from_markdown(text: str, where: str) -> SeedSet:
    """Return the seed set that a Markdown document holds.

    Without a title the set takes its name from `where`, without a quality line it is "unrated".

    Args:
        text: the document.
        where: the file's name, for messages.

    Raises:
        InputError: the document is not in the form above, or tasks are faulty; lists up to 20 faults, file and line.
    """
    document = parse_markdown(text, where)
    check = check_tasks(document.tasks, where, document.name, document.faults)
    if check.faults:
        raise refuse(where, check.faults)
    return SeedSet(document.name, document.quality, check.tasks)


def _task(task: SeedTask) -> str:
    facts = [f"- id: {_name(task.id)}", f"- classification: {'yes' if task.is_classification else 'no'}"]
    facts += [f"- breaks: {', '.join(task.breaks)}"] if task.breaks else []
    parts = [f"## {_name(task.name)}", "\n".join(facts), "### Instruction", _text(task.instruction)]
    for number, pair in enumerate(task.instances, start=1):
        parts += [f"### Instance {number}", "#### Input", _text(pair.input), "#### Output", _text(pair.output)]
    return "\n\n".join(parts) + "\n"


def _name(name: str) -> str:
    """Return a name as it is, or as a JSON string where a heading or a list item could not carry it unchanged."""
    is_plain = _PLAIN_NAME.fullmatch(name) is not None and not name.endswith(" ") and "  " not in name
    return name if is_plain else _json(name)


def _text(text: str) -> str:
    if not text:
        return NONE
    if _FRAGILE.search(text):
        return f"````{ESCAPED}\n[\n" + ",\n".join(" " + _json(line) for line in text.split("\n")) + "\n]\n````"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _json(text: str) -> str:
    """Return the text as a JSON string: readable in any script, with the characters that editors lose escaped."""
    dumped = json.dumps(text, ensure_ascii=False)
    return _FRAGILE.sub(lambda found: f"\\u{ord(found[0]):04x}", dumped)
