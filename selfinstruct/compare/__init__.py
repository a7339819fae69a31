"""Runs, evaluations or human ratings compared: folders or sheets go in, a folder with a report comes out.

selfinstruct compare runs=[runs/a,runs/b]          runs, or evaluations
selfinstruct compare ratings=[high.csv,mixed.csv] consensus=3
"""

from selfinstruct.compare.comparison import Comparison, Options
from selfinstruct.compare.evaluated import compare_evaluations
from selfinstruct.compare.evaluated_kinds import compare_folders
from selfinstruct.compare.rated import RatingOptions
from selfinstruct.compare.ratings import compare_ratings
from selfinstruct.compare.runs import compare_runs
from selfinstruct.compare.sample_sizes import planning_table
from selfinstruct.compare.terminal import as_text

__all__ = [
    "Comparison",
    "Options",
    "RatingOptions",
    "as_text",
    "compare_evaluations",
    "compare_folders",
    "compare_ratings",
    "compare_runs",
    "planning_table",
]
