"""`selfinstruct compare`: from its config to a comparison on disk and the words that are printed about it.

selfinstruct compare runs=[runs/first,runs/second]                   runs, or evaluations
selfinstruct compare ratings=[high.csv,mixed.csv] arms=[high,mixed] consensus=3
selfinstruct compare population=1000 margin=0.05
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Lt

from selfinstruct.compare import (
    Comparison,
    Options,
    RatingOptions,
    as_text,
    compare_folders,
    compare_ratings,
    planning_table,
)
from selfinstruct.errors import InputError
from selfinstruct.summary import near

Word = str | int | float  # Hydra reads arms=[0.5,0.7] and consensus=3 as numbers; here they are names


@dataclass(frozen=True)
class CompareConfig:
    """What `selfinstruct compare` is told: `runs` or `ratings`, or `population` alone; see conf/compare.yaml."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    runs: str | tuple[str, ...] | None
    ratings: str | tuple[str, ...] | None
    arms: tuple[Word, ...] | None
    against: Word | None
    out: str | None
    consensus: Word | None
    criteria: tuple[str, ...] | None
    overall: str | None
    grades: tuple[Word, ...]
    acceptable: tuple[Word, ...]
    population: Annotated[int, Ge(1)] | None
    margin: Annotated[float, Gt(0), Lt(0.5)]
    level: Annotated[float, Gt(0.5), Lt(1)]
    resamples: Annotated[int, Ge(200)]
    random_seed: int


def compare(config: CompareConfig) -> str:
    """Compare what the config names and return what is printed: tables, the finding and the paths.

    Raises:
        InputError: neither or both of runs and ratings, or what they name cannot be compared.
    """
    given = [name for name in ("runs", "ratings", "population") if getattr(config, name) is not None]
    if given == ["population"] and config.population is not None:
        table = planning_table(config.population, config.margin, config.level)
        return f"{as_text(table)}\n{table.note}"
    if ("runs" in given) == ("ratings" in given):
        raise InputError(
            "compare: give runs=[<run folder>,<run folder>] or ratings=[<file.csv>], and not both; "
            "population=<items> alone says how many to rate"
        )
    comparison = _runs(config) if "runs" in given else _ratings(config)
    paths = "\n".join(f"{_kind(path):8} {near(path)}" for path in comparison.files if not _is_page(path))
    return f"{comparison.summary}\n\n{paths}"


def _runs(config: CompareConfig) -> Comparison:
    unused = [name for name in ("consensus", "criteria", "overall") if getattr(config, name) is not None]
    if unused:
        raise InputError(f"{unused[0]}: is about ratings; leave it out with runs=")
    folders = [Path(path) for path in _listed(config.runs)]
    return compare_folders(folders, _out(config), _options(config), _words(config.arms), _word(config.against))


def _ratings(config: CompareConfig) -> Comparison:
    options = RatingOptions(
        arms=_words(config.arms),
        against=_word(config.against),
        consensus=_word(config.consensus),
        criteria=config.criteria or (),
        overall=config.overall,
        grades=_words(config.grades),
        acceptable=_words(config.acceptable),
    )
    paths = [Path(path).expanduser() for path in _listed(config.ratings)]
    return compare_ratings(paths, options, _out(config), _options(config))


def _options(config: CompareConfig) -> Options:
    return Options(config.level, config.resamples, config.random_seed, config.margin)


def _out(config: CompareConfig) -> Path | None:
    return Path(config.out) if config.out else None


def _listed(value: str | Sequence[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _word(value: Word | None) -> str | None:
    return None if value is None else str(value)


def _words(values: Sequence[Word] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())


def _is_page(path: Path) -> bool:
    """A picture's page stands beside its PNG file; one line for the two is enough."""
    return path.suffix == ".html" and path.with_suffix(".png").is_file()


def _kind(path: Path) -> str:
    return {".html": "report", ".csv": "table", ".tex": "latex", ".png": "picture"}.get(path.suffix, "file")
