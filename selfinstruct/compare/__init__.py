"""Runs or human ratings compared: folders or CSV files go in, a folder with a report, tables and pictures comes out.

selfinstruct compare runs=[runs/a,runs/b]
selfinstruct compare ratings=[high.csv,mixed.csv] consensus=3
"""

from selfinstruct.compare.comparison import Comparison, Options
from selfinstruct.compare.rated import RatingOptions
from selfinstruct.compare.ratings import compare_ratings
from selfinstruct.compare.runs import compare_runs
from selfinstruct.compare.sample_sizes import planning_table
from selfinstruct.compare.tables import as_text

__all__ = ["Comparison", "Options", "RatingOptions", "as_text", "compare_ratings", "compare_runs", "planning_table"]
