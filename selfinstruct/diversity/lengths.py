"""How long instructions, inputs and outputs are, in words.

    Lengths(instruction=(4, 3), input=(2,), output=(1, 6)).findings()["length.output_words_median"].value     # 3.5

Empty inputs have no length: they are left out, as in the paper (Wang et al. 2023, table 1 and figure 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from selfinstruct.findings import Finding, undefined
from selfinstruct.records import Instance
from selfinstruct.text import count_words


@dataclass(frozen=True)
class Lengths:
    """Words of every instruction, of every input that is not empty, and of every output."""

    instruction: tuple[int, ...]
    input: tuple[int, ...]
    output: tuple[int, ...]

    def findings(self) -> dict[str, Finding]:
        """Return median and longest of each by metric name; the means are with the metrics of the run."""
        found: dict[str, Finding] = {}
        for name in ("instruction", "input", "output"):
            words: tuple[int, ...] = getattr(self, name)
            nothing = undefined(f"there is no {'input that is not empty' if name == 'input' else name}")
            found[f"length.{name}_words_median"] = Finding(float(median(words)), len(words)) if words else nothing
            found[f"length.{name}_words_max"] = Finding(float(max(words)), len(words)) if words else nothing
        return found


def measure_lengths(instructions: Sequence[str], instances: Sequence[Instance]) -> Lengths:
    """Return the lengths in words, parts between white space, as the published filters count them."""
    return Lengths(
        instruction=tuple(map(count_words, instructions)),
        input=tuple(count_words(instance.input) for instance in instances if instance.input.strip()),
        output=tuple(count_words(instance.output) for instance in instances),
    )
