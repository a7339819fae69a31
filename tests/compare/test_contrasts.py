"""Contrasts, what they say together, and how numbers are worded."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from selfinstruct.compare.contrast_table import contrast_table
from selfinstruct.compare.contrasts import contrast_records, contrasts, finding
from selfinstruct.compare.wording import (
    difference_text,
    mean_text,
    p_text,
    points_text,
    ratio_text,
    share_text,
    significant,
)
from selfinstruct.statistics import Count, Estimate, undefined
from selfinstruct.statistics.estimates import without_interval

COUNTS = {
    "singular": {"high": Count(218, 286), "mixed": Count(163, 286)},
    "complete": {"high": Count(257, 286, 3), "mixed": Count(262, 286)},
    "always": {"high": Count(5, 5), "mixed": Count(7, 7)},
    "never rated": {"high": Count(0, 0, 9), "mixed": Count(1, 2)},
}


def test_every_other_arm_is_compared_with_the_one_named() -> None:
    counts = {"valid": {name: Count(5, 10) for name in ("a", "b", "c")}}
    assert [(one.arm, one.against) for one in contrasts(counts, "b")] == [("a", "b"), ("c", "b")]


def test_holm_counts_the_tests_that_exist() -> None:
    found = {one.criterion: one for one in contrasts(COUNTS, "mixed")}
    assert found["never rated"].p is None and found["never rated"].p_holm is None
    assert found["always"].p == 1.0
    singular = found["singular"]
    assert singular.p is not None
    assert singular.p_holm == pytest.approx(3 * singular.p)  # the smallest of three


def test_holm_is_over_the_criteria_of_one_arm() -> None:
    counts = {
        "singular": {"high": Count(218, 286), "low": Count(100, 286), "mixed": Count(163, 286)},
        "complete": {"high": Count(257, 286), "low": Count(250, 286), "mixed": Count(262, 286)},
    }
    alone = {name: {arm: by_arm[arm] for arm in ("high", "mixed")} for name, by_arm in counts.items()}
    with_another = [one for one in contrasts(counts, "mixed") if one.arm == "high"]
    assert with_another == list(contrasts(alone, "mixed"))


def test_the_finding_names_what_differs() -> None:
    sentence = "1 of 3 comparisons differ after Holm's correction at 0.05: singular."
    assert finding(contrasts(COUNTS, "mixed"), 0.95) == sentence
    assert finding(contrasts({"never": COUNTS["never rated"]}, "mixed"), 0.95) == "Nothing could be tested."
    three = {"singular": {**COUNTS["singular"], "low": Count(10, 286)}}
    assert finding(contrasts(three, "mixed"), 0.95).endswith("singular (high); singular (low).")


def test_the_finding_doubts_what_the_interval_by_request_does_not_bear_out() -> None:
    (found,) = contrasts({"singular": COUNTS["singular"]}, "mixed")

    def said(interval: Estimate) -> str:
        _, _, doubt = finding([replace(found, clustered=interval)], 0.95).partition("singular. ")
        return doubt

    assert said(Estimate(0.19, 0.05, 0.3, 572)) == ""
    assert said(Estimate(0.19, 0.0, 0.3, 572)) == "By request, the interval of this difference includes 0: singular."
    assert said(Estimate(0.19, -0.1, 0.3, 572)) == "By request, the interval of this difference includes 0: singular."
    assert said(without_interval(0.19, "8 clusters are too few", 572)) == (
        "There is no interval by request that bears this out: singular."
    )


def test_what_is_undefined_is_said_in_the_table_and_empty_in_the_file() -> None:
    found = contrasts(COUNTS, "mixed")
    rows = {row[0]: row for row in contrast_table(found, "items", 0.95).rows}
    assert rows["always"][3] == "undefined, because every item of both arms is yes"
    assert rows["never rated"][1] == "0 of 0 (9 missing)"
    assert rows["never rated"][3:] == (
        "undefined, because an arm has no item with a value",
        "-",
        "-",
        rows["never rated"][3],
    )
    record = contrast_records(found, 0.95)[3]
    assert (record["odds_ratio"], record["fisher_p"], record["arm_share"]) == (None, None, None)
    assert record["undefined"] == "an arm has no item with a value"
    assert record["arm_missing"] == 9


def test_numbers_are_worded_as_people_read_them() -> None:
    assert ratio_text(Estimate(2.6011, 1.8328, 3.706, 10)) == "2.60 (1.83-3.71)"
    assert ratio_text(Estimate(math.inf, 1.2, math.inf, 10)) == "∞ (1.20-∞)"
    assert ratio_text(Estimate(0.1, -0.001, 0.2, 10)) == "0.10 (0.00-0.20)"
    assert share_text(Estimate(0.6434, 0.5863, 0.6966, 10)) == "64.3 % (58.6-69.7)"
    assert points_text(Estimate(-0.0175, -0.066, 0.0308, 10)) == "-1.8 (-6.6 to +3.1)"
    assert mean_text(Estimate(12.345, 11.0, 1234.5, 10)) == "12.3 (11 to 1,234)"
    assert difference_text(Estimate(0.01234, -0.5, 2.0, 10)) == "+0.0123 (-0.500 to +2)"
    assert ratio_text(undefined("nobody was asked", 0)) == "undefined, because nobody was asked"
    assert mean_text(Estimate(3.0, None, None, 4, undefined="4 clusters are too few")) == (
        "3 (interval undefined, because 4 clusters are too few)"
    )


def test_p_and_significant_digits_at_their_edges() -> None:
    assert [p_text(p) for p in (None, 0.0009999, 0.001, 0.43364, 1.0)] == ["-", "< 0.001", "0.001", "0.434", "1.000"]
    assert [significant(value) for value in (0, 0.0012345, 0.5, 12.34, 99.96, 1234.5, 100.0)] == [
        "0",
        "0.00123",
        "0.500",
        "12.3",
        "100.0",
        "1,234",
        "100",
    ]
