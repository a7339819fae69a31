"""How good is the dataset? What can be counted, what a parser can check, and what a judge model says.

dataset_table    the paper's statistics           instances        instances of each instruction, labels
bdd              Gherkin and step code            contamination    what evaluation sets share with it
review           three questions to a judge       review_findings  their answers as shares

measure_bdd(instructions, instances).findings()["bdd.gherkin_share"]     # Finding(0.98, n=80)
"""

from __future__ import annotations

from selfinstruct.quality.bdd import Bdd, BddRecord, is_bdd, measure_bdd
from selfinstruct.quality.contamination import (
    Contamination,
    EvaluationSet,
    Overlap,
    find_contamination,
    read_evaluation_set,
)
from selfinstruct.quality.dataset_table import Row, dataset_table
from selfinstruct.quality.instances import InstanceCounts, measure_instances
from selfinstruct.quality.review import Review, Reviewed, ReviewOptions, check_questions, review
from selfinstruct.quality.review_findings import review_findings

__all__ = [
    "Bdd",
    "BddRecord",
    "Contamination",
    "EvaluationSet",
    "InstanceCounts",
    "Overlap",
    "Review",
    "ReviewOptions",
    "Reviewed",
    "Row",
    "check_questions",
    "dataset_table",
    "find_contamination",
    "is_bdd",
    "measure_bdd",
    "measure_instances",
    "read_evaluation_set",
    "review",
    "review_findings",
]
