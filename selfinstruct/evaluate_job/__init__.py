"""One evaluation, from its config to its closed folder.

selfinstruct evaluate model=openai benchmark=superni benchmark.path=natural-instructions judge=openai
-> runs/superni-gpt-4.1-mini-<identity>/   predictions.jsonl   scores.jsonl   grades.jsonl   report/ ...

declared     the composed config -> what is evaluated, or why it cannot be
job          answer, score, grade, report             asking       a model that is paid for
rehearsal    what would be asked (dry_run=true)       told         the closing words
"""

from selfinstruct.evaluate_job.job import EvaluateJob

__all__ = ["EvaluateJob"]
