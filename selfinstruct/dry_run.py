"""`dry_run=true`: the first prompts of each stage in full, and what the run would ask and cost. Nothing is sent.

A forecast goes in, the text for stdout comes out; it ends like this:

    all              250 (225 to 300)      98,400 (80,100 to 210,000)    $0.05 ($0.04 to $0.19)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from selfinstruct.forecast import Forecast, Range, StageForecast
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.prices import REMEDY
from selfinstruct.outcomes import Rehearsed
from selfinstruct.records import Request
from selfinstruct.summary import rendered


def describe_dry_run(name: str, model: str, found: Forecast, limits: LimitOptions) -> str:
    """Return the prompts, the table of the forecast, and what the caps mean for it."""
    parts = [_prompt(stage) for stage in found.stages]
    parts += [_table(name, found), _notes(model, found, limits)]
    return "\n\n".join(part for part in parts if part)


def _prompt(stage: StageForecast) -> str:
    request = stage.first
    settings = f"temperature {request.temperature:g}, top_p {request.top_p:g}, at most {request.max_tokens} tokens"
    stops = f", stops at {', '.join(repr(stop) for stop in request.stop)}" if request.stop else ""
    schema = ", answer bound to a JSON schema" if request.schema else ""
    return f"=== {stage.stage}: the first prompt ({settings}{stops}{schema})\n{prompt_text(request)}"


def prompt_text(request: Request) -> str:
    """Return a prompt as people read it: the text, or each message under its role."""
    if request.text:
        return request.text
    return "\n".join(f"--- {message.role}\n{message.content}" for message in request.messages)


def _table(name: str, found: Forecast) -> str:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=f"Forecast of {name}", title_justify="left", title_style="bold")
    table.add_column("stage")
    for column in ("requests", "prompt tokens each", "answer tokens each", "tokens", "cost"):
        table.add_column(column, justify="right")
    for stage in found.stages:
        cost = None if found.prices is None else stage.cost_usd(found.prices)
        table.add_row(
            stage.stage,
            _numbers(stage.requests),
            f"{stage.prompt_tokens:,.0f}",
            _numbers(stage.answer_tokens),
            _numbers(stage.tokens),
            _dollars(cost),
        )
    table.add_section()
    table.add_row("all", _numbers(found.requests), "", "", _numbers(found.tokens), _dollars(found.cost_usd))
    return rendered(table)


def _notes(model: str, found: Forecast, limits: LimitOptions) -> str:
    notes = ["Expected (lowest to highest). Nothing was sent and nothing was written."]
    if found.prices is None:
        notes.append(f"cost     undefined, because the price of {model} is not known; {REMEDY}")
    for key, cap, expected in (
        ("max_requests", limits.max_requests, found.requests),
        ("max_tokens", limits.max_tokens, found.tokens),
        ("max_cost_usd", limits.max_cost_usd, found.cost_usd),
    ):
        if cap is not None and expected is not None:
            notes.append(f"limits.{key}={cap:g} {_against(cap, expected)}")
    return "\n".join(notes)


def describe_total(jobs: Sequence[Rehearsed], refused: int) -> str:
    """Return what the jobs of a dry sweep would ask together.

    Args:
        refused: how many more there are that cannot run.
    """
    requests = _sum(one.requests for one in jobs)
    asked = f"{_numbers(requests)} requests" if requests.high else "no request to a model"
    lines = [f"{len(jobs):,} runs would send {asked}"]
    costs = [one.cost_usd for one in jobs if one.cost_usd is not None]
    unknown = len(jobs) - len(costs)
    if unknown:
        why = f"the price of {unknown:,} of them is not known; what to set is said above"
        lines.append(f"cost     undefined, because {why}")
    else:
        lines.append(f"cost     {_dollars(_sum(costs))}")
    if requests.high:
        lines.append("Runs that ask the same share the answer, which is paid once: together they may ask for less.")
    if refused:
        lines.append(f"{refused:,} more cannot run; why is said above.")
    return "\n".join(["The sweep together", "", *lines])


def _sum(ranges: Iterable[Range]) -> Range:
    return reduce(Range.plus, ranges, Range(0.0, 0.0, 0.0))


def _against(cap: float, expected: Range) -> str:
    if cap < expected.low:
        return "is below the lowest figure: the run will stop early, keeping what it paid for"
    if cap < expected.expected:
        return "is below the expected figure: the run may stop early, keeping what it paid for"
    if cap < expected.high:
        return "is above the expected figure and below the highest"
    return "is above the highest figure"


def _numbers(values: Range) -> str:
    if values.low == values.high:
        return f"{values.expected:,.0f}"
    return f"{values.expected:,.0f} ({values.low:,.0f} to {values.high:,.0f})"


def _dollars(values: Range | None) -> str:
    if values is None:
        return "not known"
    digits = 2 if values.expected >= 1 else 4
    return f"${values.expected:,.{digits}f} (${values.low:,.{digits}f} to ${values.high:,.{digits}f})"
