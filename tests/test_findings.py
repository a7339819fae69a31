"""Numbers that know what they rest on, and numbers that do not exist."""

from __future__ import annotations

import pytest

from selfinstruct.findings import Finding, as_metrics, as_records, count, mean, share, undefined


def test_a_share_of_nothing_is_undefined_and_says_why() -> None:
    finding = share(0, 0, "there is no instance", missing=2)
    assert finding == Finding(None, 0, 2, "there is no instance")
    assert finding.text() == "undefined, because there is no instance"


def test_a_mean_carries_its_n_and_what_is_missing() -> None:
    assert mean([1, 2, 6], "nothing", missing=4) == Finding(3.0, 3, 4)
    assert mean([], "there is no output").text() == "undefined, because there is no output"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (52445.0, "52,445"),
        (0.34567, "0.346"),
        (83.6699, "83.67"),
        (401.07, "401.1"),
        (1234.56, "1,234.6"),
    ],
)
def test_numbers_are_shown_with_about_four_digits(value: float, text: str) -> None:
    assert Finding(value, 1).text() == text


def test_the_digits_can_be_chosen() -> None:
    assert Finding(15.94, 1).text(1) == "15.9"


def test_what_does_not_exist_is_no_metric_but_stays_in_the_records_with_its_reason() -> None:
    findings = {"a.b": share(3, 4), "a.c": undefined("there is no seed", 0, 1), "a.d": count(7)}
    assert as_metrics(findings) == {"a.b": 0.75, "a.d": 7.0}
    assert as_records(findings)["a.c"] == {
        "value": None,
        "n": 0,
        "missing": 1,
        "because": "there is no seed",
        "note": "",
    }
