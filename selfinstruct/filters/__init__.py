"""The rules that candidates and instances must pass; the first that objects names itself and says what it saw.

judge_instruction("Draw a map of the town.", thresholds) → Verdict("blocked_word", "Draw")
"""

from __future__ import annotations

from selfinstruct.filters.instances import InstanceThresholds, judge_instances
from selfinstruct.filters.instructions import (
    INSTRUCTION_RULES,
    TOO_SIMILAR,
    InstructionThresholds,
    judge_instruction,
    judge_novelty,
)

__all__ = [
    "INSTRUCTION_RULES",
    "TOO_SIMILAR",
    "InstanceThresholds",
    "InstructionThresholds",
    "judge_instances",
    "judge_instruction",
    "judge_novelty",
]
