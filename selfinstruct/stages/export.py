"""Export: from the kept instances of a run to the files that people train on, and the data card that explains them.

In come instances, seed tasks and options; out comes the folder export/ of a run:

    alpaca.json               [{"instruction": ..., "input": ..., "output": ...}, ...]
    openai_chat.jsonl         {"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}
    prompt_completion.jsonl   {"prompt": ..., "completion": ...}, in the 13 forms of the paper
    dataset.parquet           instruction, input, output, is_classification, source; what `load_dataset` loads
    README.md                 the data card
    and, if asked for, the files of released.py under the names of the Self-Instruct release

The same input gives the same bytes (Parquet: with the same version of pyarrow, which writes its name into the file).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from selfinstruct import jsonl
from selfinstruct.records import Instance, Instruction, SeedSet
from selfinstruct.stages.data_card import WrittenFile, data_card, model_name
from selfinstruct.stages.released import write_released
from selfinstruct.stages.training_forms import in_random_form
from selfinstruct.stages.training_records import TrainingRecord, training_records

EXPORT = "export"
PARQUET_FILE = "dataset.parquet"
ALPACA_FILE = "alpaca.json"
CHAT_FILE = "openai_chat.jsonl"
PROMPT_COMPLETION_FILE = "prompt_completion.jsonl"
CARD_FILE = "README.md"

Format = Literal["alpaca", "openai_chat", "prompt_completion", "parquet", "self_instruct"]


@dataclass(frozen=True)
class ExportOptions:
    """Which training files are written, and how.

    include_seed_tasks: seed tasks are training examples too, as in the paper; not in the self_instruct files.
    end_of_text: ends every completion of prompt_completion.jsonl. system_prompt: first turn of every chat, "" for none.
    language, license: what the data card declares, as Hugging Face spells them ("en", "cc-by-4.0", "other").
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    formats: tuple[Format, ...]
    include_seed_tasks: bool
    end_of_text: str
    system_prompt: str
    shuffle: bool
    language: str
    license: str


def write_exports(
    folder: Path,
    instances: Sequence[Instance],
    seeds: SeedSet,
    options: ExportOptions,
    random_seed: int,
    facts: Mapping[str, Any],
    instructions: Sequence[Instruction] = (),
) -> tuple[Path, ...]:
    """Write the training files into `folder`/export and return their paths, the data card last.

    A file that is there already is replaced; one of a format that is not asked for is left alone.

    Args:
        facts: what the data card states about the run (name, model, seeds, counts, thresholds, ...), nested as in the
            manifest; what is absent or None is left out.
        instructions: the accepted instructions, for the self_instruct files.
    """
    tasks = seeds.tasks if options.include_seed_tasks else ()
    records = training_records(instances, tasks, options.shuffle, random_seed)
    duplicates = len(instances) + sum(len(task.instances) for task in tasks) - len(records)
    target = folder / EXPORT
    written = _write_records(target, records, options, random_seed)
    if "self_instruct" in options.formats:
        written += write_released(target, instances, instructions, model_name(facts))
    card = data_card(records, duplicates, written, facts, options.language, options.license)
    jsonl.write_text(target / CARD_FILE, card)
    return tuple(target / name for name in (*(file.name for file in written), CARD_FILE))


def _write_records(
    target: Path, records: Sequence[TrainingRecord], options: ExportOptions, random_seed: int
) -> list[WrittenFile]:
    """Write the formats asked for; the first one written is what `load_dataset` loads."""
    written: list[WrittenFile] = []
    if "parquet" in options.formats:
        written.append(_write_parquet(target / PARQUET_FILE, records))
    if "alpaca" in options.formats:
        written.append(_write_alpaca(target / ALPACA_FILE, records))
    if "openai_chat" in options.formats:
        chats = (_chat(record, options.system_prompt) for record in records)
        written.append(_write_lines(target / CHAT_FILE, chats, "chat turns: messages of role and content"))
    if "prompt_completion" in options.formats:
        lines = _prompt_completions(records, options.end_of_text, random_seed)
        written.append(_write_lines(target / PROMPT_COMPLETION_FILE, lines, "prompt and completion in 13 random forms"))
    return written


def _write_lines(path: Path, records: Iterable[Mapping[str, Any]], content: str) -> WrittenFile:
    lines = list(records)
    jsonl.write(path, lines)
    return WrittenFile(path.name, len(lines), content)


def _write_alpaca(path: Path, records: Sequence[TrainingRecord]) -> WrittenFile:
    plain = [_triple(record) for record in records]
    jsonl.write_text(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    return WrittenFile(path.name, len(plain), "one list of instruction, input, output")


def _triple(record: TrainingRecord) -> dict[str, str]:
    return {"instruction": record.instruction, "input": record.input, "output": record.output}


def _chat(record: TrainingRecord, system_prompt: str) -> dict[str, Any]:
    asked = f"{record.instruction}\n\n{record.input}" if record.input.strip() else record.instruction
    turns = [("system", system_prompt)] if system_prompt else []
    turns += [("user", asked), ("assistant", record.output)]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def _prompt_completions(records: Sequence[TrainingRecord], end_of_text: str, random_seed: int) -> list[dict[str, Any]]:
    """Removing a field name can make two inputs the same, so what came out equal is written once."""
    pairs = (in_random_form(r.instruction, r.input, r.output, end_of_text, random_seed) for r in records)
    return [asdict(pair) for pair in dict.fromkeys(pairs)]


def _write_parquet(path: Path, records: Sequence[TrainingRecord]) -> WrittenFile:
    """Everything that a version of pyarrow may choose by itself is fixed; times are nowhere in the file."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        [
            pyarrow.field("instruction", pyarrow.string(), nullable=False),
            pyarrow.field("input", pyarrow.string(), nullable=False),
            pyarrow.field("output", pyarrow.string(), nullable=False),
            pyarrow.field("is_classification", pyarrow.bool_(), nullable=True),
            pyarrow.field("source", pyarrow.string(), nullable=False),
        ]
    )
    columns = {name: [getattr(record, name) for record in records] for name in schema.names}
    buffer = pyarrow.BufferOutputStream()
    parquet.write_table(
        pyarrow.table(columns, schema=schema),
        buffer,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        row_group_size=100_000,
    )
    _write_bytes(path, buffer.getvalue().to_pybytes())
    return WrittenFile(path.name, len(records), "a table with is_classification and source")


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    temporary.replace(path)
