"""The data card: export/README.md, a Hugging Face dataset card that says what the data is and how it was made.

In come the training records, the files written and the facts of the run; out comes Markdown under a YAML header. The
header makes `datasets.load_dataset("runs/<name>/export")` load one file, dataset.parquet where it was written:

    configs:
    - config_name: default
      data_files:
      - split: train
        path: "dataset.parquet"
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.stages.training_records import MACHINE, SEED, TrainingRecord

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST = "1M<n<10M"
_TAGS = ("instruction-tuning", "self-instruct", "synthetic")
_CITATION = (
    "Yizhong Wang, Yeganeh Kordi, Swaroop Mishra, Alisa Liu, Noah A. Smith, Daniel Khashabi and Hannaneh Hajishirzi. "
    "2023. Self-Instruct: Aligning Language Models with Self-Generated Instructions. ACL 2023. "
    "[arXiv 2212.10560](https://arxiv.org/abs/2212.10560)"
)


@dataclass(frozen=True)
class WrittenFile:
    """A training file: its name inside export/, how many records it holds, and what they look like."""

    name: str
    records: int
    content: str


def data_card(
    records: Sequence[TrainingRecord],
    duplicates: int,
    files: Sequence[WrittenFile],
    facts: Mapping[str, Any],
    language: str,
    license_id: str,
) -> str:
    """Return the data card. Facts that are absent or None are left out.

    Args:
        duplicates: how many records were left out because an equal one was there.
        files: the training files in the order of preference; the first one is what `load_dataset` loads.
        language, license_id: as Hugging Face spells them.
    """
    known = {key: value for key, value in facts.items() if value is not None}
    name = str(known.get("name", "instruction dataset"))
    sections = [
        _header(name, len(records), files, language, license_id),
        f"# {name}",
        _contents(records, duplicates),
        _how_made(known),
        _file_table(files),
        _fact_table(known),
        _limitations(known, license_id),
        f"## Citation\n\nThe method: {_CITATION}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def size_category(count: int) -> str:
    """Return Hugging Face's size category; 1,000 records are the first of "1K<n<10K"."""
    return next((label for limit, label in _SIZES if count < limit), _LARGEST)


def _header(name: str, count: int, files: Sequence[WrittenFile], language: str, license_id: str) -> str:
    lines = [
        "---",
        f"pretty_name: {_quoted(name)}",
        f"license: {_quoted(license_id)}",
        "language:",
        f"- {_quoted(language)}",
        "task_categories:",
        "- text-generation",
        "size_categories:",
        f"- {size_category(count)}",
        "tags:",
        *(f"- {tag}" for tag in _TAGS),
    ]
    if files:
        lines += ["configs:", "- config_name: default", "  data_files:", "  - split: train"]
        lines += [f"    path: {_quoted(files[0].name)}"]
    return "\n".join([*lines, "---"])


def _quoted(text: str) -> str:
    """A JSON string is a YAML string, and stays one: unquoted, the language `no` would be a Boolean."""
    return json.dumps(text, ensure_ascii=False)


def _contents(records: Sequence[TrainingRecord], duplicates: int) -> str:
    count = {source: sum(record.source == source for record in records) for source in (MACHINE, SEED)}
    kinds = [record.is_classification for record in records]
    without_input = sum(not record.input.strip() for record in records)
    rows = [
        ("records", len(records)),
        ("machine-written", count[MACHINE]),
        ("from human-written seed tasks", count[SEED]),
        ("of classification tasks", kinds.count(True)),
        ("of other tasks", kinds.count(False)),
        ("of tasks whose kind is not known", kinds.count(None)),
        ("with empty input", without_input),
        ("exact duplicates left out", duplicates),
    ]
    return (
        "Instruction data. Each record is an instruction, an input, which may be empty, and an output; "
        "`is_classification` says whether the task asks for one of a few labels (null where nobody asked, or no answer "
        "could be read), `source` who wrote the record (`machine` or `seed`).\n\n" + _table(("what", "count"), rows)
    )


def _how_made(facts: Mapping[str, Any]) -> str:
    sentences = [
        "The method is Self-Instruct (Wang et al. 2023): a model is shown a few tasks of a pool and writes new "
        "instructions; those that are too similar to the pool or that a rule objects to are dropped, the others join "
        "the pool. Instances are then written for each accepted instruction, the output first where the task is a "
        "classification, or come with it in the same answer, as in Alpaca. Instances that fail a rule are dropped.",
    ]
    if "model" in facts:
        sentences.append(f"The model was `{model_name(facts)}`.")
    if "seeds" in facts:
        sentences.append(f"The pool started with the seed tasks {_seeds(facts['seeds'])}.")
    return "## How it was made\n\n" + " ".join(sentences)


def _seeds(seeds: Any) -> str:
    if not isinstance(seeds, Mapping):
        return str(seeds)
    quality = f" (declared quality: {seeds['quality']})" if seeds.get("quality") else ""
    return f"{seeds.get('name', '')}{quality}".strip()


def model_name(facts: Mapping[str, Any]) -> str:
    """Return the model that the facts of a run name; empty where they name none."""
    model = facts.get("model", "")
    return str(model.get("name", "") if isinstance(model, Mapping) else model)


def _file_table(files: Sequence[WrittenFile]) -> str:
    if not files:
        return ""
    rows = [(f"`{file.name}`", file.records, file.content) for file in files]
    hint = f'`datasets.load_dataset("<this folder>", split="train")` loads `{files[0].name}`.'
    return f"## Files\n\n{_table(('file', 'records', 'content'), rows)}\n\n{hint}"


def _fact_table(facts: Mapping[str, Any]) -> str:
    rows = [(f"`{key}`", value) for key, value in _flat(facts)]
    return f"## Facts of the run\n\n{_table(('key', 'value'), rows)}" if rows else ""


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            yield f"{prefix}{key}", ", ".join(str(part) for part in value)
        else:
            yield f"{prefix}{key}", "none" if value is None else str(value)


def _limitations(facts: Mapping[str, Any], license_id: str) -> str:
    points = [
        "The machine-written records are unverified: nobody checked that outputs are correct, harmless or complete. In "
        "the paper's own review of 200 machine-written tasks, 58 % of the outputs were correct.",
        "They carry the biases of the model and of the seed tasks, and may repeat what the model was trained on.",
        "The filters look at form and at word overlap. They do not judge truth, safety or personal data.",
    ]
    if model_name(facts).startswith("offline"):
        points.insert(0, "**For testing only.** The offline model is no language model; do not train on its data.")
    if license_id == "other":
        points.append(
            "No licence was chosen. Whoever publishes the data chooses one (`export.license`), after reading the terms "
            "of the model and the licence of the seed tasks."
        )
    return "## Limitations\n\n" + "\n".join(f"- {point}" for point in points)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.split()).replace("|", "\\|")
