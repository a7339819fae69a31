"""report.html: self-contained, without script, and deaf to what a model wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from selfinstruct.diversity.verb_nouns import VerbCount
from selfinstruct.jsonl import write
from selfinstruct.report import ReportOptions, write_report
from selfinstruct.report.explained import EXPLAINED
from selfinstruct.report.rings import rings
from selfinstruct.report.sunburst import sunburst_svg
from tests.report.conftest import INSTANCES, INSTRUCTIONS, MANIFEST, OPTIONS, SEEDS, MakeFolder, write_folder

EVIL = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'&"


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


def _page(folder: Path, options: ReportOptions, manifest: dict[str, Any] = MANIFEST) -> str:
    write_report(folder, manifest, SEEDS, options, {"yield.acceptance_rate": 0.6})
    return (folder / "report" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the small run, with every picture."""
    return _page(write_folder(tmp_path_factory.mktemp("run")), OPTIONS)


def _tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(page)
    return parser.found


def test_the_page_needs_nothing_else(page: str) -> None:
    tags = _tags(page)
    drawings = [attributes["class"] for tag, attributes in tags if tag == "svg"]
    assert drawings == [*["drawing"] * 2, "drawing", "sunburst", *["drawing"] * 2]
    assert not [tag for tag, _ in tags if tag in {"script", "link", "iframe", "object"}]
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert len(page) < 5_000_000


def test_what_a_model_wrote_is_text_and_nothing_else(
    run_folder: MakeFolder, options: ReportOptions, tmp_path: Path
) -> None:
    instruction = f"Write a {EVIL} poem."
    scenario = f"Write steps.\n```gherkin\nScenario: {EVIL}\n  Given {EVIL}\n  When b\n```"
    instructions = [{**INSTRUCTIONS[1], "instruction": text} for text in (instruction, scenario)]
    instances = [
        {**INSTANCES[1], "instruction": text, "input": EVIL, "output": EVIL} for text in (instruction, scenario)
    ]
    write(tmp_path / "exam.jsonl", [{"instruction": instruction}])
    manifest = {**MANIFEST, "prompts": "bdd", "name": EVIL, "reason": EVIL, "model": EVIL, "judge": {"model": EVIL}}
    folder = run_folder(instructions, instances)
    lines = [
        {
            "instance": 0,
            "stratum": "classification, input",
            "answers": {"valid_task": True},
            "saw": {"valid_task": EVIL},
        }
    ]
    write(folder / "report" / "review.jsonl", lines)
    page = _page(
        folder,
        ReportOptions(True, True, ("instances", "verb_nouns"), "lexicon", 10, 13, (str(tmp_path / "exam.jsonl"),)),
        manifest,
    )
    tags = _tags(page)
    assert not [tag for tag, _ in tags if tag == "script"]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert [attributes["src"] for tag, attributes in tags if tag == "img" and attributes["src"] == "x"] == []
    assert page.count("&lt;script&gt;") >= 8  # it is there to read


def test_the_drawings_of_the_page_tell_their_numbers(page: str) -> None:
    for told in (
        "too similar: 2 of 5 candidates (40.0%)",
        "0.64 to 0.68: 1 of 3 instructions",
        "3 words: 3 of 3 texts",
        "request 1: 1 accepted instructions a request; 1 accepted",
        "1 of 3 instructions have 2 instances",
        "other tasks, without input: 1 of 3 instances",
        "blue: 1 of 2 instances of classification tasks",
        "write … poem: 1",
    ):
        assert f"<title>{told}</title>" in page, told


def test_the_page_forbids_scripts_even_if_one_got_in(page: str) -> None:
    policy = [attributes for tag, attributes in _tags(page) if tag == "meta"]
    contents = [one["content"] or "" for one in policy if one.get("http-equiv") == "Content-Security-Policy"]
    assert contents == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_the_numbers_stand_in_the_page_with_their_n(page: str) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "60.0% of judged candidates accepted" in text
    assert "colours (high, 1 tasks)" in text
    assert "instructions without an instance 33.3% 3" in text
    assert "instructions 2 1 50.0%" in text  # the parse yield of the stage
    assert "undefined, because no judge was asked" in text
    assert "undefined, because no evaluation set is named" in text
    assert "6 of 3 instances" not in text and "3 of 3 instances" in text


def test_every_number_of_a_report_is_explained(run_folder: MakeFolder, words: ReportOptions) -> None:
    found = write_report(run_folder(), MANIFEST, SEEDS, words, {}).metrics
    assert set(found) <= set(EXPLAINED)


def test_rings_fill_the_turn_and_keep_their_order() -> None:
    shown = rings([VerbCount("write", 9, (("poem", 2), ("story", 1))), VerbCount("bake", 1, (("cake", 1),))])
    assert [(ring.verb, ring.count, ring.start, ring.end) for ring in shown] == [
        ("write", 3, 0, 0.75),
        ("bake", 1, 0.75, 1),
    ]
    assert [(sector.noun, sector.start, sector.end) for sector in shown[0].sectors] == [
        ("poem", 0, 0.5),
        ("story", 0.5, 0.75),
    ]
    assert shown[0].colour != shown[1].colour
    assert rings([]) == []


def test_white_words_can_be_read_on_every_verb() -> None:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    for ring in rings([VerbCount(f"verb {number}", 1, (("noun", 1),)) for number in range(20)]):
        red, green, blue = (linear(int(ring.colour[place : place + 2], 16)) for place in (1, 3, 5))
        contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)  # WCAG 2.2
        assert contrast > 4.4, ring.colour  # 4.5 before the colour was rounded


@pytest.mark.parametrize(
    "verbs", [[VerbCount("write", 3, (("poem", 2), ("<b>", 1)))], [VerbCount("a&b", 1, (("c", 1),))]]
)
def test_the_sunburst_is_well_formed_and_says_its_counts(verbs: Sequence[VerbCount]) -> None:
    svg = sunburst_svg(verbs, 40)
    titles = [node.text for node in ElementTree.fromstring(svg).iter() if node.tag == "title"]
    assert titles[0] == f"{verbs[0].verb}: {verbs[0].count} of 40 instructions with these objects"
    assert len(titles) == 1 + len(verbs[0].nouns)
    assert sunburst_svg([], 0) == ""
