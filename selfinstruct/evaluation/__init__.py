"""Evaluating a model: a benchmark's items go out as prompts, answers are scored, and graded by a judge.

    reading      SuperNI folders and JSON Lines -> items       predictions   answers that somebody has already
    rendering    items -> requests                             scoring       ROUGE-L, ROUGE-1, exact match
    grades       a judge's A to D                              pairs         two answers compared in both orders

What comes out is plain records; intervals, tables and pictures are made of them in compare/evaluated*.py.
"""

from selfinstruct.evaluation.items import Benchmark, Item
from selfinstruct.evaluation.options import BenchmarkOptions, GradingOptions
from selfinstruct.evaluation.predictions import Answers, Prediction, read_predictions
from selfinstruct.evaluation.reading import read_benchmark
from selfinstruct.evaluation.scoring import MEASURES, Score, score_items

__all__ = [
    "MEASURES",
    "Answers",
    "Benchmark",
    "BenchmarkOptions",
    "GradingOptions",
    "Item",
    "Prediction",
    "Score",
    "read_benchmark",
    "read_predictions",
    "score_items",
]
