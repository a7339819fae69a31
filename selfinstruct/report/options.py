"""What a report holds: conf/report/ as a dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from selfinstruct.diversity import ParserName

PictureName = Literal["funnel", "similarity", "verb_nouns", "lengths", "saturation", "instances", "bdd"]


@dataclass(frozen=True)
class ReportOptions:
    """The report of a run; none of it changes the dataset or asks a model.

    pictures: which are drawn, as PNG and as pages. parser: how verbs and nouns are found. vendi_sample: texts that the
    Vendi score is computed over. overlap_words: the length of a shared run of words that counts as contamination.
    evaluation_sets: paths of JSON Lines files that are written like seed files.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    enabled: bool
    html: bool
    pictures: tuple[PictureName, ...]
    parser: ParserName
    vendi_sample: Annotated[int, Ge(2), Le(5000)]
    overlap_words: Annotated[int, Ge(2)]
    evaluation_sets: tuple[str, ...]
