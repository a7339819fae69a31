"""What tests of rating share: small run folders and studies made by hand, and the page in a process of its own."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.rating import Answer, Form, Item, Study
from selfinstruct.rating.entries import Entry
from selfinstruct.rating.forms import Overall, Question
from selfinstruct.rating.items import write_items
from selfinstruct.rating.ledger import FILE, Ledger
from tests.commands import ENVIRONMENT, command

TRICKY = (
    "<script>document.title = 'taken over'</script><img src=x onerror=\"document.title='taken over'\">",
    '=HYPERLINK("http://127.0.0.1/","here")',
    "+1 and -1 and @all",
    "'=quoted",
    "bell \x07, escape \x1b, zero \x00, and _x0041_ as it stands",
    "\u202eright to left\u202c שלום עולם",
    'comma, "quote", semicolon; and\nlines\n\n  indented',
    "-5",
    "@SUM(A1)",
    "long " * 9000,
)


def make_run(folder: Path, outputs: Sequence[str], name: str = "run", status: str = "done") -> Path:
    """Write a run folder with one instance for each output."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"identity": name, "status": status, "seeds": {"name": "general", "quality": "unrated"}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    instances, instructions = [], []
    for number, output in enumerate(outputs):
        told = {"instruction": f"Task {number} of {name}", "is_classification": number % 3 == 0}
        instructions.append({**told, "request_idx": 0})
        instances.append({**told, "input": f"input {number}" if number % 2 else "", "output": output})
    for file, lines in (("instances", instances), ("instructions", instructions)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{file}.jsonl").write_text(text, encoding="utf-8")
    return folder


def make_predictions(path: Path, answers: Sequence[str], **more: Any) -> Path:
    """Write a file of predictions as the published ones are."""
    lines = [
        {"instruction": f"Task {n}", "input": "", "response": answer, "target": f"right {n}", **more}
        for n, answer in enumerate(answers)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def question(kind: str = "yes_no", about: str = "answer", required: bool = True) -> Question:
    return Question(kind, about, required, "Is it?", "")  # type: ignore[arg-type]


def make_form(**changes: Any) -> Form:
    """A form with every kind of question."""
    fields: dict[str, Any] = {
        "name": "small",
        "title": "Small",
        "unit": "instance",
        "guide": "",
        "answer_label": "Answer",
        "item_column": "item",
        "rater_column": "rater",
        "grades": {"A": "good", "B": "fair", "C": "poor", "D": "bad"},
        "acceptable": ("A", "B"),
        "overall": Overall("both", ("valid", "clear")),
        "questions": {
            "valid": question(),
            "clear": question(),
            "grade": question("grade", required=False),
            "words": question("text", required=False),
            "same": question("yes_no", "item", required=False),
        },
    }
    return Form(**{**fields, **changes})


def make_items(*texts: Sequence[str]) -> tuple[Item, ...]:
    """Return an item for each sequence of answers, of the arms a, b, ..."""
    return tuple(
        Item(
            str(number),
            f"Task {number}",
            "",
            "",
            tuple(Answer("abc"[n], f"task_{number}", text) for n, text in enumerate(one)),
        )
        for number, one in enumerate(texts, start=1)
    )


def make_study(
    folder: Path, items: Sequence[Item], raters: Sequence[str] = ("anna", "ben"), form: Form | None = None
) -> Study:
    folder.mkdir(parents=True, exist_ok=True)
    write_items(folder, items)
    return Study("0123abcd4567", folder, form or make_form(), tuple(items), 42, tuple(raters), Ledger(folder / FILE))


def say(study: Study, rater: str, item: str, *about: dict[str, Any], note: str = "", **about_item: Any) -> None:
    """Save an entry for an item on top of what is there."""
    before = study.ledger.one(rater, item)
    version = before.version if before else 0
    entry = Entry(about, about_item, note)
    study.ledger.save(rater, item, version, entry, f"{rater}-{item}-{version:08}", "page")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Served:
    """The page in a process of its own: where it is, the lines it printed, and the process."""

    address: str
    lines: list[str]
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def interrupt(self) -> tuple[int, str]:
        """End it as Ctrl+C does; returns the exit code and what it printed at its end."""
        os.killpg(self.process.pid, signal.SIGINT)
        out, _ = self.process.communicate(timeout=30)
        return self.process.returncode, out

    def kill(self) -> None:
        """End it as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Served]:
    """Serve `selfinstruct rate ...` from a folder; on a free port, unless the arguments name one."""
    port = () if any(argument.startswith("port=") for argument in arguments) else ("port=0",)
    with (folder / "rate.err").open("a") as errors:
        process = subprocess.Popen(
            command("rate", *arguments, *port),
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        yield _started(process, folder)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _started(process: subprocess.Popen[str], folder: Path) -> Served:
    """The socket listens before its address is printed, so nothing has to be waited for."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"(http://\S+?)/rate/", line)
    assert found, line + (folder / "rate.err").read_text()
    return Served(found[1], [line.rstrip()], process)
