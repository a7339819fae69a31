"""ROUGE-L F-measure from three integers, in the very floating-point steps of rouge_score 0.1.2.

f_measure(7, 10, 10)    # 0.7 as a float: 0.7000000000000001 would be another shape's answer
"""

from __future__ import annotations


def f_measure(lcs: int, length: int, other_length: int) -> float:
    """Return the F-measure of two texts of these token counts whose longest common subsequence is `lcs` tokens.

    The order of the two lengths does not matter: doubling is exact, and IEEE multiplication and addition commute,
    so which text is "target" and which "prediction" changes precision and recall but no bit of F.
    """
    if lcs == 0:
        return 0.0
    precision, recall = lcs / length, lcs / other_length
    return 2 * precision * recall / (precision + recall)
