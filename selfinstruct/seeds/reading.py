"""From a seed file or folder to raw tasks that know where they stand; the text is judged in checking.

In: a path. Out: `RawTask(file="seeds.jsonl", line=3, record={...})` for each task, and the lines that cannot be read.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.seeds.checking import RawTask
from selfinstruct.seeds.markdown import parse_markdown


def read_raw(path: Path) -> tuple[list[RawTask], list[str]]:
    """Return the raw tasks of a seed file or folder, in order, and the faults met on the way.

    Raises:
        InputError: the path is missing, of an unknown kind, or not UTF-8.
    """
    raw: list[RawTask] = []
    faults: list[str] = []
    for file in _files(path):
        parse = _parse_markdown if file.suffix == ".md" else _parse_jsonl
        found, wrong = parse(_text(file), str(file))
        raw += found
        faults += wrong
    return raw, faults


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.glob("*.md") if file.is_file())
        if not files:
            raise InputError(f"{path}: no .md file in this folder; give a seed file or a folder of .md files")
        return files
    if not path.is_file():
        raise InputError(f"{path}: no such seed file or folder; check the path")
    if not path.name.endswith((".jsonl", ".jsonl.gz", ".md")):
        raise InputError(f"{path}: unknown kind of seed file; give .jsonl, .jsonl.gz, .md or a folder of .md files")
    return [path]


def _text(file: Path) -> str:
    """Return the file's text: a byte order mark at its start removed, line ends as they are."""
    try:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file}: cannot be read ({error}); check the file") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{file}:{line}: not UTF-8 ({error}); save it as UTF-8") from error


def _parse_markdown(text: str, where: str) -> tuple[list[RawTask], list[str]]:
    document = parse_markdown(text, where)
    return document.tasks, document.faults


def _parse_jsonl(text: str, where: str) -> tuple[list[RawTask], list[str]]:
    """Unlike jsonl.read this goes on after a bad line, so that all faults are reported at once."""
    raw: list[RawTask] = []
    faults: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            faults.append(f"{where}:{number}: not valid JSON ({error}); put one JSON object on each line")
            continue
        if isinstance(record, dict):
            raw.append(RawTask(where, number, record))
        else:
            faults.append(f"{where}:{number}: not a JSON object; put one JSON object on each line")
    return raw, faults
