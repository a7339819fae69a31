"""What a sweep's children are called in the tracker."""

from __future__ import annotations

import pytest

from selfinstruct.publishing import arm_name


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["filters.instruction.max_rouge_l=0.5", "experiments=threshold_sweep"], "max_rouge_l=0.5"),
        (["seeds=bdd_high", "random_seed=1", "experiments=seed_quality"], "seeds=bdd_high random_seed=1"),
        (["model.name=openai/gpt-4.1", "export.system_prompt=a=b.c"], "name=openai/gpt-4.1 system_prompt=a=b.c"),
        (["experiments=threshold_sweep"], ""),
        ([], ""),
    ],
)
def test_an_arm_is_named_by_what_it_varies_without_the_study(overrides: list[str], name: str) -> None:
    assert arm_name(overrides) == name
