"""What a run says about itself while it works."""

from __future__ import annotations

import asyncio
import io

import pytest

from selfinstruct import progress
from selfinstruct.pipeline import Progress
from selfinstruct.progress import (
    Speed,
    Speedometer,
    Vitals,
    counts,
    details,
    duration,
    projected_usd,
    share_done,
    watch,
)
from selfinstruct.tally import StageUsage

HALFWAY = Progress(target=1000, accepted=412, committed=90, folded=388, candidates=1005)
VITALS = Vitals(answered=866, in_flight=16, tokens=1_204_311, cost_usd=0.84, projected_usd=2.05)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_run_is_half_done_when_half_is_accepted_and_half_is_followed_up() -> None:
    assert share_done(HALFWAY) == (412 + 388) / 2000
    assert share_done(Progress(10, 10, 3, 10, 20)) == 1.0


def test_the_speed_is_that_of_the_last_half_minute() -> None:
    meter = Speedometer()
    assert meter.read(0.0, 0, 0.0) == Speed(0.0, None)
    assert meter.read(10.0, 500, 0.5) == Speed(50.0, 10.0)  # a burst from the store
    assert meter.read(40.0, 530, 0.53) == Speed(1.0, pytest.approx(0.47 / 0.001))  # 30 in the 30 s since then
    assert meter.read(70.0, 530, 0.53) == Speed(0.0, None)  # standing still: no telling


def test_the_projection_reckons_bootstrapping_per_accepted_and_the_rest_per_instruction_with_instances() -> None:
    usage = {"instructions": StageUsage(cost_usd=4.12), "input_first": StageUsage(cost_usd=3.88)}
    # 1 cent per accepted and 1 cent per followed up are left for 588 and 612 instructions
    assert projected_usd(usage, 8.0, HALFWAY) == pytest.approx(8.0 + 5.88 + 6.12)
    assert projected_usd(usage, 0.0, HALFWAY) == pytest.approx(5.88 + 6.12)  # what is done came from the store
    done = Progress(10, 10, 3, 10, 20)
    assert projected_usd(usage, 8.0, done) == 8.0


def test_nothing_is_projected_before_there_is_anything_to_go_by() -> None:
    usage = {"instructions": StageUsage(cost_usd=1.0), "classification": StageUsage(cost_usd=1.0)}
    assert projected_usd(usage, 1.0, Progress(10, 0, 1, 0, 8)) is None
    assert projected_usd(usage, 1.0, Progress(10, 4, 1, 0, 8)) is None


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (92, "1:32"), (3700, "1:01:40")])
def test_durations_are_told_as_on_a_clock(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_words_name_counts_speed_tokens_dollars_and_time() -> None:
    assert counts(HALFWAY) == "412 of 1,000 instructions (41% kept), 388 with instances"
    assert details(VITALS, Speed(12.34, 92)) == (
        "12.3 requests/s, 16 in flight, 1,204,311 tokens, $0.84 of about $2.05, 1:32 left"
    )
    free = Vitals(answered=3, in_flight=1, tokens=7, cost_usd=0.0, projected_usd=0.0)
    assert details(free, Speed(0.0, None)) == "0.0 requests/s, 1 in flight, 7 tokens"
    assert "price not known" in details(Vitals(tokens=7), Speed(1.0, None))


def test_without_a_terminal_plain_lines_come_also_while_nothing_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PLAIN_EVERY_S", 0.01)
    stream = io.StringIO()

    async def work() -> None:
        async with watch("mine", lambda _: VITALS, stream) as report:
            await asyncio.sleep(0.05)
            assert stream.getvalue() == ""  # nothing is known yet
            report(HALFWAY)
            while stream.getvalue().count("\n") < 3:
                await asyncio.sleep(0.01)

    asyncio.run(work())
    lines = stream.getvalue().splitlines()
    assert all(line.startswith("mine: 412 of 1,000 instructions (41% kept), 388 with instances; ") for line in lines)
    assert "\x1b" not in stream.getvalue()


def test_in_a_terminal_a_live_display_shows_bars_and_figures_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LIVE_EVERY_S", 0.01)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()

    async def work() -> None:
        async with watch("mine", lambda _: VITALS, stream) as report:
            report(HALFWAY)
            while "in flight" not in stream.getvalue():
                await asyncio.sleep(0.01)

    asyncio.run(work())
    shown = stream.getvalue()
    for part in ("mine", "41% kept", "instructions", "412/1000", "388/1000", "16 in flight", "$0.84 of about $2.05"):
        assert part in shown
    assert shown.rstrip().endswith("\x1b[2K")  # the last thing written clears the display


def test_a_failure_passes_through_the_display() -> None:
    async def work() -> None:
        async with watch("mine", lambda _: VITALS, io.StringIO()):
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        asyncio.run(work())
