"""report.html: one file that needs nothing else, with the drawings inside and not a line of script.

Contents and pictures go in, HTML comes out. Whatever a model wrote is escaped, and the page forbids scripts altogether.

    render_page(contents, pictures, options)     # "<!doctype html>..."
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.figures import STYLE, drawing_of
from selfinstruct.findings import Finding
from selfinstruct.quality import Bdd
from selfinstruct.randomness import generator
from selfinstruct.records import Instance
from selfinstruct.report.contents import Contents
from selfinstruct.report.explained import meaning, title
from selfinstruct.report.options import ReportOptions
from selfinstruct.report.sunburst import sunburst_svg
from selfinstruct.runs import FINISHED

_TEMPLATE = "page.html.j2"
_EXAMPLES, _LONGEST_EXAMPLE = 6, 1500
_MOST_OVERLAPS, _MOST_FAULTS = 50, 20


@dataclass(frozen=True)
class Line:
    """A number as the page shows it."""

    title: str
    value: str
    n: str
    meaning: str = ""
    missing: str = ""
    depth: int = 0
    is_defined: bool = True


def render_page(contents: Contents, pictures: Sequence[Path], options: ReportOptions) -> str:
    """Return the page. pictures: PNG files with their drawings beside them, shown by the name of the file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = {path.stem: drawing_of(path) for path in pictures}
    template = environment.get_template(_TEMPLATE)
    return template.render(pictures=drawings, drawing_style=STYLE.strip("\n"), **_values(contents, options))


def _values(contents: Contents, options: ReportOptions) -> dict[str, Any]:
    findings = contents.findings()
    manifest, verb_nouns = contents.manifest, contents.diversity.verb_nouns
    own = {name: Finding(value, 0) for name, value in contents.metrics.items() if name not in findings}
    overlaps = [overlap for one in contents.contaminations for overlap in one.overlaps]
    return {
        "name": manifest.get("name") or "run",
        "status": str(manifest.get("status", "")).replace("_", " "),
        "is_finished": manifest.get("status") in FINISHED,
        "reason": manifest.get("reason") or "",
        "facts": _facts(manifest, contents),
        "tiles": _tiles(contents, findings),
        "table": [_row(row.name, row.finding, row.digits, row.depth) for row in contents.table],
        "instance_lines": _lines(findings, "instances.", "labels."),
        "parsing": _parsing(manifest),
        "diversity_lines": [
            *(
                _line(name, Finding(contents.metrics[name], _accepted(contents)))
                for name in _OWN
                if name in contents.metrics
            ),
            *_lines(findings, "diversity."),
        ],
        "method": verb_nouns.method,
        "found": _shown("_share", verb_nouns.found),
        "covered": _shown("_share", verb_nouns.covered),
        "sunburst": sunburst_svg(verb_nouns.verbs, verb_nouns.found.n),
        "verbs": verb_nouns.verbs,
        "verb_lines": _lines(findings, "verb_noun."),
        "length_lines": _lines(findings, "length."),
        "saturation_lines": _lines(findings, "saturation."),
        "bdd_lines": _lines(findings, "bdd."),
        "bdd_faults": _faults(contents.bdd) if contents.bdd else [],
        "review_lines": _lines(findings, "review."),
        "review_caption": _review_caption(contents),
        "contaminations": [
            (one.name, f"{one.tasks:,}", f"{one.touched_tasks:,}", f"{one.touched_tasks / one.tasks:.1%}")
            for one in contents.contaminations
        ],
        "overlap_words": options.overlap_words,
        "overlaps": overlaps[:_MOST_OVERLAPS],
        "overlap_total": f"{len(overlaps):,}",
        "examples": _examples(contents.instances, manifest["random_seed"]),
        "instance_total": f"{len(contents.instances):,}",
        "all_lines": [_plain(name, finding) for name, finding in sorted({**own, **findings}.items())],
    }


_OWN = ("diversity.rouge_l_to_seeds_mean", "diversity.rouge_l_to_pool_mean")


def _accepted(contents: Contents) -> int:
    return len(contents.instructions)


def _facts(manifest: Mapping[str, Any], contents: Contents) -> list[tuple[str, str]]:
    seeds = contents.seeds
    cost = manifest.get("cost_usd")
    known = (
        ("model", manifest.get("model")),
        ("judge", (manifest.get("judge") or {}).get("model")),
        ("prompts", manifest.get("prompts")),
        ("seeds", f"{seeds.name} ({seeds.quality}, {len(seeds.tasks):,} tasks)"),
        ("random seed", manifest.get("random_seed")),
        ("cost", "undefined, because a price is not known" if cost is None else f"${cost:,.4f}"),
        ("note", manifest.get("note")),
        ("identity", manifest.get("identity")),
        ("dataset sha256", manifest.get("dataset_sha256")),
    )
    return [(name, str(value)) for name, value in known if value not in (None, "")]


def _tiles(contents: Contents, findings: Mapping[str, Finding]) -> list[Line]:
    counts = contents.manifest.get("counts") or {}
    rate = contents.metrics.get("yield.acceptance_rate")
    to_seeds = contents.metrics.get("diversity.rouge_l_to_seeds_mean")
    nothing = Finding(None, 0, because="nothing was judged")
    return [
        Line(_of_target(counts), f"{len(contents.instructions):,}", ""),
        Line("instances", f"{len(contents.instances):,}", ""),
        _tile("of judged candidates accepted", "_share", nothing if rate is None else Finding(rate, 0)),
        _tile(
            "mean ROUGE-L to the seeds",
            "",
            Finding(None, 0, because="nothing was accepted") if to_seeds is None else Finding(to_seeds, 0),
        ),
        _tile(f"Vendi score (n = {findings['diversity.vendi_score'].n:,})", "", findings["diversity.vendi_score"]),
    ]


def _of_target(counts: Mapping[str, Any]) -> str:
    target = counts.get("target")
    return f"accepted instructions of {target:,} wanted" if target else "accepted instructions"


def _tile(text: str, kind: str, finding: Finding) -> Line:
    return Line(text, _shown(kind, finding), "", is_defined=finding.value is not None)


def _parsing(manifest: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """The parse yield of each stage, where the run counted it."""
    counted = (manifest.get("counts") or {}).get("parsing") or {}
    return [
        (stage, f"{one['answers']:,}", f"{one['read']:,}", f"{one['read'] / one['answers']:.1%}")
        for stage, one in counted.items()
        if one["answers"]
    ]


def _faults(bdd: Bdd) -> list[tuple[str, str, str]]:
    """Every kind of fault with its count; faults of code without the number of the line."""
    counts: Counter[tuple[str, str]] = Counter()
    for record in bdd.records:
        if record.order:
            counts["order of the scenario", record.order] += 1
        if record.code:
            counts["code", record.code.partition(": ")[2] or record.code] += 1
        if record.unmatched:
            counts["steps", f"{len(record.unmatched)} of {record.steps} without a step function"] += 1
        if record.doubled:
            counts["steps", "a step is defined twice"] += 1
    return [(where, what, f"{times:,}") for (where, what), times in counts.most_common(_MOST_FAULTS)]


def _review_caption(contents: Contents) -> str:
    judge = (contents.manifest.get("judge") or {}).get("model", "a judge model")
    return f"{len(contents.review):,} instances, asked of {judge}; each stratum weighs as much as it has instances"


def _examples(instances: Sequence[Instance], random_seed: int) -> list[dict[str, str]]:
    chosen = generator(random_seed, "report", "examples").sample(range(len(instances)), min(_EXAMPLES, len(instances)))
    return [
        {name: _cut(getattr(instances[number], name).strip()) for name in ("instruction", "input", "output")}
        for number in sorted(chosen)
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else text[:_LONGEST_EXAMPLE].rstrip() + " […]"


def _lines(findings: Mapping[str, Finding], *prefixes: str) -> list[Line]:
    return [_line(name, finding) for name, finding in findings.items() if name.startswith(prefixes)]


def _line(name: str, finding: Finding) -> Line:
    told = "; ".join(part for part in (meaning(name), finding.note) if part)
    is_defined = finding.value is not None
    return Line(title(name), _shown(name, finding), f"{finding.n:,}", told, _missing(finding), is_defined=is_defined)


def _row(name: str, finding: Finding, digits: int, depth: int) -> Line:
    is_defined = finding.value is not None
    return Line(name, finding.text(digits), f"{finding.n:,}", "", _missing(finding), depth, is_defined)


def _missing(finding: Finding) -> str:
    return f"{finding.missing:,} missing" if finding.missing else ""


def _plain(name: str, finding: Finding) -> Line:
    return Line(name, finding.text(4), f"{finding.n:,}" if finding.n else "", is_defined=finding.value is not None)


def _shown(name: str, finding: Finding) -> str:
    """Shares in percent, dollars with enough digits, everything else with three."""
    if finding.value is None:
        return finding.text()
    if "_share" in name or "new_words" in name:
        return f"{finding.value:.1%}"
    return f"${finding.value:,.6f}" if "usd" in name else finding.text()
