"""Reading and writing JSON Lines: one JSON object a line, UTF-8, keys in the order they were given.

Files are written through a temporary name and renamed, so a file under its final name is always whole.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError


def dumps(record: Mapping[str, Any]) -> str:
    """Return one line (no line break): non-ASCII as it is, NaN refused."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces. Equal values give equal text, for hashing."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for every line that is not blank; `.gz` files are unpacked.

    Raises:
        InputError: the file is missing, not UTF-8, or a line is not a JSON object; names file and line.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _parse(path, number, line)
        except (UnicodeDecodeError, OSError, EOFError) as error:
            raise InputError(f"{path}:{number + 1}: cannot be read ({error}); save it as UTF-8 JSON Lines") from error


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{number}: not valid JSON ({error}); put one JSON object on each line") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}:{number}: a {type(record).__name__}, not an object; put one JSON object on each line")
    return record


def write(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write the records, one a line, replacing the file in one step."""
    write_text(path, "".join(dumps(record) + "\n" for record in records))


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with `\\n` line ends, replacing the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)
