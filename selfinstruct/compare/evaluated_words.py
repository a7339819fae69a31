"""What is said about one evaluation beside its numbers: a manifest and findings go in, sentences come out.

notes(manifest) -> ["davinci: items without an answer: 3.", "Items without an answer are in no mean; ..."]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_folders import EvaluatedArm
from selfinstruct.compare.evaluated_scores import GradeCount, Scored
from selfinstruct.compare.wording import share_text
from selfinstruct.evaluation.scoring import ROUGE_L
from selfinstruct.evaluation.superni import OFFICIAL_INSTANCES
from selfinstruct.statistics import Estimate

_FAULTS = {
    "missing": "items without an answer",
    "doubled": "answers replaced by a later one to the same item",
    "unknown": "answers to nothing that was asked",
    "empty": "empty answers",
    "cut": "answers cut by the token limit",
    "refused": "answers refused by the provider",
    "shortened": "prompts that had room for fewer examples",
}
_MISSING = {
    "empty": "Items without an answer count as empty answers, which is what the official scorer does.",
    "left_out": "Items without an answer are in no mean; the official scorer would count them as empty answers.",
}


def lead(manifest: Mapping[str, Any]) -> list[str]:
    """Return what was evaluated, and what did not fit."""
    benchmark = manifest["benchmark"]
    tasks = f"{benchmark['tasks']:,} task{'s' if benchmark['tasks'] != 1 else ''}"
    lines = [f"{_items(benchmark['items'])} of {benchmark['name']}, {tasks}."]
    if benchmark["items"] < benchmark["available"]:
        lines.append(f"A sample of {benchmark['available']:,}: not the score of the whole benchmark.")
    if benchmark["kind"] == "superni" and benchmark.get("instances") not in {None, OFFICIAL_INSTANCES}:
        lines.append(
            f"The first {benchmark['instances']:,} instances of each task; of the official test set it is "
            f"{OFFICIAL_INSTANCES}."
        )
    if benchmark["shots"]:
        lines.append(f"{benchmark['shots']} solved examples in the prompt.")
    if benchmark["tokenizer"] != "rouge":
        lines.append(f"ROUGE reads tokens of {benchmark['tokenizer']}, and not those of its own tokenizer.")
    return [*lines, *notes(manifest)]


def notes(manifest: Mapping[str, Any]) -> list[str]:
    """Return, for each arm, how many answers are missing or did not fit, and what became of items without one."""
    lines, arms = [], manifest["counts"]["arms"]
    for arm, of_arm in arms.items():
        faults = [f"{words}: {of_arm[name]:,}" for name, words in _FAULTS.items() if of_arm.get(name)]
        if faults:
            lines.append(f"{arm}: {'; '.join(faults)}.")
    invisible = manifest["benchmark"].get("invisible", 0)
    if invisible:
        lines.append(
            f"Items with no reference in which ROUGE's tokenizer sees a word (another script, marks): {invisible:,}. "
            "Their ROUGE is 0; benchmark.tokenizer=unicode or a tokenizer.json sees more."
        )
    if any(of_arm["missing"] for of_arm in arms.values()):
        lines.append(_MISSING[manifest["benchmark"]["missing"]])
    unread = manifest["counts"].get("not_graded", 0)
    if unread:
        lines.append(
            f"Answers to which the judge gave no grade that could be read: {unread:,}. grades.jsonl has its words."
        )
    if str((manifest.get("judge") or {}).get("model")).startswith("offline/"):
        lines.append("The judge was the offline model, which compares words: what it says means nothing.")
    return lines


def finding(arms: Sequence[EvaluatedArm], scored: Sequence[Scored], grades: Sequence[GradeCount]) -> str:
    """Return what was found, in a sentence for each arm."""
    parts, met = [], " or ".join(arms[0].acceptable)
    for arm in arms:
        rouge = next(one.estimate for one in scored if one.arm == arm.name and one.measure == ROUGE_L)
        said = [f"ROUGE-L {_share(rouge)} over {_items(rouge.n)}"] if rouge.value is not None else []
        for given in grades:
            if given.arm == arm.name and given.acceptable.value is not None:
                said.append(f"{_share(given.acceptable)} of {given.graded:,} grades are {met}")
        if said:
            parts.append(f"{arm.name}: {', '.join(said)}.")
    return " ".join(parts)


def _share(estimate: Estimate) -> str:
    """Return a share that is defined, with its interval where there is one; the tables say why there is none."""
    return share_text(estimate).partition(" (interval undefined")[0]


def _items(number: int) -> str:
    return f"{number:,} item{'s' if number != 1 else ''}"


def foot(manifest: Mapping[str, Any], options: Options) -> list[str]:
    """Return what the numbers were made with."""
    judge = manifest.get("judge")
    lines = [
        f"Evaluation {manifest['identity']}; intervals at {options.level:.0%}. Missing values are never taken as no."
    ]
    if judge:
        lines.append(f"Graded by {judge['model']}, which was not told whose answers they are.")
    return lines
