"""The report of a run folder: what is written, what is measured, what is said where there is nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.config import build
from selfinstruct.errors import InputError
from selfinstruct.jsonl import write
from selfinstruct.report import ReportOptions, check_report, write_report
from tests.report.conftest import EMPTY, INSTANCES, INSTRUCTIONS, MANIFEST, SEEDS, MakeFolder

CONF = Path(__file__).resolve().parents[2] / "conf" / "report"
PICTURES = ["funnel", "similarity", "verb_nouns", "lengths", "saturation", "instances"]


def _scenario(name: str) -> str:
    return f"Write behave steps.\n```gherkin\nScenario: {name}\n  Given a\n  When b\n  Then c\n```"


def test_a_report_writes_its_files_and_names_them(run_folder: MakeFolder, options: ReportOptions) -> None:
    folder = run_folder()
    report = write_report(folder, MANIFEST, SEEDS, options, {})
    expected = [
        "findings.json",
        "statistics.md",
        "verb_nouns.json",
        *(f"pictures/{name}.png" for name in PICTURES),
        *(f"pictures/{name}.html" for name in PICTURES),
        "report.html",
    ]
    assert [path.relative_to(folder / "report").as_posix() for path in report.files] == expected
    assert all(path.stat().st_size for path in report.files)
    assert sorted(path.name for path in (folder / "report").rglob("*.part")) == []


def test_the_metrics_are_the_numbers_that_exist(run_folder: MakeFolder, words: ReportOptions) -> None:
    metrics = write_report(run_folder(), MANIFEST, SEEDS, words, {"cost.usd": 0.01}).metrics
    assert metrics["diversity.distinct_1"] == 8 / 9  # name a smell sort the words write a poem
    assert metrics["verb_noun.found_share"] == 1.0
    assert metrics["instances.none_share"] == 1 / 3
    assert metrics["labels.balance_mean"] == 1.0
    assert metrics["length.output_words_median"] == 1.0
    assert "saturation.yield_first_quarter" not in metrics  # two requests are too few
    assert "cost.usd" not in metrics  # not found here
    assert not [name for name in metrics if name.startswith(("bdd.", "review.", "contamination."))]


def test_every_name_is_one_that_a_tracker_takes(run_folder: MakeFolder, words: ReportOptions) -> None:
    for name, value in write_report(run_folder(), MANIFEST, SEEDS, words, {}).metrics.items():
        assert name.replace(".", "").replace("_", "").isalnum() and isinstance(value, float), name


def test_the_findings_file_holds_every_number_with_its_n_and_reason(
    run_folder: MakeFolder, words: ReportOptions
) -> None:
    folder = run_folder()
    report = write_report(folder, MANIFEST, SEEDS, words, {})
    findings = json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))
    assert findings["instances.none_share"] == {"value": 1 / 3, "n": 3, "missing": 0, "because": "", "note": ""}
    undefined = {name for name, finding in findings.items() if finding["value"] is None}
    assert undefined and all(findings[name]["because"] for name in undefined)
    assert set(report.metrics) == set(findings) - undefined


def test_writing_twice_gives_the_same_bytes(run_folder: MakeFolder, options: ReportOptions) -> None:
    folder = run_folder()
    first = {path: path.read_bytes() for path in write_report(folder, MANIFEST, SEEDS, options, {}).files}
    again = {path: path.read_bytes() for path in write_report(folder, MANIFEST, SEEDS, options, {}).files}
    assert first == again


def test_what_an_earlier_report_left_is_removed(run_folder: MakeFolder, options: ReportOptions) -> None:
    folder = run_folder()
    write_report(folder, MANIFEST, SEEDS, replace(options, pictures=("lengths", "instances")), {})
    write_report(folder, MANIFEST, SEEDS, replace(options, pictures=("lengths",), html=False), {})
    left = sorted(path.name for path in (folder / "report" / "pictures").iterdir())
    assert left == ["lengths.html", "lengths.png"]
    assert not (folder / "report" / "report.html").exists()


def test_the_files_of_others_stay(run_folder: MakeFolder, words: ReportOptions) -> None:
    folder = run_folder()
    write(folder / "report" / "review.jsonl", [])
    (folder / "report" / "metrics.json").write_text("{}", encoding="utf-8")
    write_report(folder, MANIFEST, SEEDS, words, {})
    assert (folder / "report" / "metrics.json").read_text(encoding="utf-8") == "{}"
    assert (folder / "report" / "review.jsonl").is_file()


def test_no_report_writes_nothing(run_folder: MakeFolder, options: ReportOptions) -> None:
    folder = run_folder()
    report = write_report(folder, MANIFEST, SEEDS, replace(options, enabled=False), {})
    assert (report.metrics, report.files) == ({}, ())
    assert not (folder / "report").exists()


def test_a_run_that_accepted_nothing_has_a_report_of_reasons(run_folder: MakeFolder, options: ReportOptions) -> None:
    folder = run_folder([], [], [])
    report = write_report(folder, EMPTY, SEEDS, options, {})
    assert report.metrics == {"verb_noun.pairs": 0.0, "labels.distinct": 0.0}
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "dried up" in page and "nothing new" in page
    assert "undefined, because there is no accepted instruction" in page
    assert "There is no instance to look at." in page


def test_a_folder_without_requests_has_no_saturation(run_folder: MakeFolder, words: ReportOptions) -> None:
    folder = run_folder(requests=None)
    write_report(folder, MANIFEST, SEEDS, words, {})
    findings = json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))
    assert findings["saturation.yield_last_quarter"]["because"].startswith("0 bootstrap requests are too few")


def test_the_bdd_domain_is_measured_where_it_is_met(run_folder: MakeFolder, options: ReportOptions) -> None:
    instructions = [{**INSTRUCTIONS[0], "instruction": _scenario(name)} for name in "xyz"]
    instances = [{**INSTANCES[0], "instruction": _scenario("x"), "output": "@given('a')\ndef f(c): ..."}]
    folder = run_folder(instructions, instances)
    report = write_report(folder, {**MANIFEST, "prompts": "bdd"}, SEEDS, replace(options, pictures=("bdd",)), {})
    assert report.metrics["bdd.gherkin_share"] == 1.0
    assert report.metrics["bdd.steps_matched_share"] == 1 / 3
    assert (folder / "report" / "pictures" / "bdd.png").is_file()
    lines = (folder / "report" / "bdd.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["unmatched"] == ["when b", "then c"] and len(lines) == 3
    assert "2 of 3 without a step function" in (folder / "report" / "report.html").read_text(encoding="utf-8")


def test_evaluation_sets_are_compared_and_what_is_shared_is_listed(
    run_folder: MakeFolder, words: ReportOptions, tmp_path: Path
) -> None:
    write(tmp_path / "exam.jsonl", [{"instruction": "name a smell"}, {"instruction": "Sing."}])
    folder = run_folder()
    chosen = replace(words, evaluation_sets=(str(tmp_path / "exam.jsonl"),))
    report = write_report(folder, MANIFEST, SEEDS, chosen, {})
    assert report.metrics["contamination.exam.share"] == 1 / 2
    (line,) = (folder / "report" / "contamination.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["instruction"] == 0
    write_report(folder, MANIFEST, SEEDS, words, {})
    assert not (folder / "report" / "contamination.jsonl").exists()


def test_the_answers_of_a_judge_are_read_from_the_folder(run_folder: MakeFolder, words: ReportOptions) -> None:
    folder = run_folder()
    strata = ["other, empty input", "classification, input", "classification, input"]
    answers: list[dict[str, Any]] = [{"valid_task": True}, {"valid_task": False}, {"valid_task": None}]
    lines = [{"instance": i, "stratum": strata[i], "answers": answers[i], "saw": {}} for i in range(3)]
    write(folder / "report" / "review.jsonl", lines)
    report = write_report(folder, {**MANIFEST, "judge": {"model": "openai/judge"}}, SEEDS, words, {})
    assert report.metrics["review.valid_task_share"] == pytest.approx(1 / 3 * 1 + 2 / 3 * 0)
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "3 instances, asked of openai/judge" in page and "1 missing" in page


def test_the_paper_table_is_written_as_markdown(run_folder: MakeFolder, words: ReportOptions) -> None:
    folder = run_folder()
    write_report(folder, MANIFEST, SEEDS, words, {})
    text = (folder / "report" / "statistics.md").read_text(encoding="utf-8")
    assert "| instructions | 3 | 3 |" in text and "| words of an output | 1 | 3 |" in text


def test_a_report_that_cannot_work_is_refused_before_a_run(tmp_path: Path, options: ReportOptions) -> None:
    check_report(options)
    with pytest.raises(InputError, match=r"none\.jsonl: no such file"):
        check_report(replace(options, evaluation_sets=(str(tmp_path / "none.jsonl"),)))
    for name in ("a", "b"):
        write(tmp_path / name / "exam.jsonl", [{"instruction": "Sing."}])
    both = tuple(str(tmp_path / name / "exam.jsonl") for name in ("a", "b"))
    with pytest.raises(InputError, match=r"report\.evaluation_sets: two files are named exam"):
        check_report(replace(options, evaluation_sets=both))
    check_report(replace(options, enabled=False, evaluation_sets=("none.jsonl",)))


def test_the_shipped_options_build_and_off_switches_it_off() -> None:
    default = yaml.safe_load((CONF / "default.yaml").read_text(encoding="utf-8"))
    built = build(ReportOptions, default)
    assert built.enabled and built.html and built.overlap_words == 13 and built.pictures[-1] == "bdd"
    off = yaml.safe_load((CONF / "off.yaml").read_text(encoding="utf-8"))
    assert off["enabled"] is False
    with pytest.raises(InputError, match=r"pictures\.0"):
        build(ReportOptions, {**default, "pictures": ["pie"]})
