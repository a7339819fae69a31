"""The model card of a model that was tuned here: README.md in its folder, as the Hugging Face hub reads it.

It says what was tuned on what, how, and what was measured; text that comes from outside stands in code marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_card(base: str, data: Mapping[str, Any], settings: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    """Return the card; `data`, `settings` and `measured` become one table each, in their order."""
    head = ["---", "pipeline_tag: text-generation", "library_name: transformers"]
    head += ["tags:", "- self-instruct", "- sft", "---"]
    parts = [
        "\n".join(head),
        "# A model tuned on a Self-Instruct dataset",
        f"Base model: `{_plain(base)}`. It learned to write the outputs of the dataset below; the loss was taken on "
        "the outputs alone.",
        _table("Data", data),
        _table("Settings", settings),
        _table("Measured", measured),
        "The dataset was written by a language model and checked by rules, not by people: its mistakes are this "
        "model's mistakes too. The terms of the base model and of the model that wrote the data apply.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(title: str, facts: Mapping[str, Any]) -> str:
    rows = [f"| {_plain(key)} | `{_plain(value)}` |" for key, value in facts.items() if value is not None]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *rows])


def _plain(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return " ".join(text.replace("`", "'").replace("|", "/").split())
