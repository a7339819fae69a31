"""`selfinstruct evaluate` end to end: what the folder holds, what it costs, what is refused, what the tracker sees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.commands import lines, manifest, stored
from tests.conftest import Command
from tests.evaluation.folders import (
    COUNT,
    ECHO,
    FIRST,
    JUDGE,
    write_answers,
    write_lines,
    write_questions,
    write_superni,
)

OFF = ("tracking=off", "resamples=200")
HERE = (*OFF, "run_dir=mine")


def superni(folder: Path, **changed: int) -> tuple[str, ...]:
    return ("evaluate", "benchmark=superni", f"benchmark.path={write_superni(folder / 'ni', **changed)}", *HERE)


def metrics(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "report" / "metrics.json").read_text(encoding="utf-8"))
    return read


def test_a_benchmark_is_answered_scored_and_reported(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct(*superni(tmp_path), *ECHO)
    assert ended.code == 0, ended.err
    folder = tmp_path / "mine"
    assert (folder / "report" / "report.html").is_file()
    assert {"scores.csv", "categories.csv", "tasks.csv", "scores.png"} <= {
        p.name for p in (folder / "report").iterdir()
    }
    # The model says the input; every third of twelve tasks takes it for right, and nowhere else is a word shared
    assert metrics(folder)["evaluation.exact_match"] == 33.3333
    assert metrics(folder)["evaluation.rouge_l"] == 33.3333
    assert "33.3333" in ended.out
    first = lines(folder / "predictions.jsonl")[0]
    assert (first["id"], first["task"], first["prediction"], first["finish_reason"]) == (
        "task000_count-0", "task000_count", "word word t0", "stop",
    )  # fmt: skip
    assert len(first["prompt_sha256"]) == 12
    told = manifest(folder)
    assert (told["verb"], told["status"], told["arms"]) == ("evaluate", "done", ["echo"])
    assert told["benchmark"] | {"sha256": ""} == {
        "name": "superni", "kind": "superni", "sha256": "", "items": 60, "available": 60, "tasks": 12,
        "split": "splits/default/test_tasks.txt", "instances": 100, "shots": 0, "tokenizer": "rouge",
        "missing": "empty", "invisible": 0,
    }  # fmt: skip
    assert told["usage"]["answers"]["requests"] == told["sent"] == 60


def test_the_scores_are_grouped_as_the_official_scorer_groups_them(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct(*superni(tmp_path), *ECHO).code == 0
    rows = (tmp_path / "mine" / "report" / "categories.csv").read_text(encoding="utf-8").splitlines()
    # tasks 0, 3, 6, 9 take the input; of the six copying ones (even) that is 0 and 6, of the counting ones 3 and 9
    assert [row.split(",")[1:4] for row in rows if "exact_match" in row] == [
        ["Copying", "exact_match", "33.3333"],
        ["Counting", "exact_match", "33.3333"],
    ]
    tasks = (tmp_path / "mine" / "report" / "tasks.csv").read_text(encoding="utf-8").splitlines()
    shares = [row.split(",")[3] for row in tasks if "exact_match" in row]
    assert shares == ["100.0", "0.0", "0.0"] * 4


def test_repeating_a_finished_evaluation_asks_nothing_even_without_its_store(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (*superni(tmp_path), *ECHO)
    assert selfinstruct(*command).code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "mine").glob("*.jsonl")}
    (tmp_path / "runs" / "completions.db").unlink()
    monkeypatch.setenv("EVALUATION_ASKED", str(tmp_path / "asked"))
    assert selfinstruct(*command).code == 0
    assert not (tmp_path / "asked").exists()
    assert {path.name: path.read_bytes() for path in (tmp_path / "mine").glob("*.jsonl")} == before


def test_the_same_answers_are_the_same_bytes_at_any_concurrency(selfinstruct: Command, tmp_path: Path) -> None:
    command = (*superni(tmp_path)[:-1], *ECHO)
    assert selfinstruct(*command, "run_dir=one", "limits.max_concurrency=1", "store.url=sqlite:///one.db").code == 0
    assert selfinstruct(*command, "run_dir=two", "limits.max_concurrency=8", "store.url=sqlite:///two.db").code == 0
    for name in ("predictions.jsonl", "scores.jsonl", "report/metrics.json", "report/scores.csv", "report/scores.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_a_cap_ends_it_with_4_and_the_rest_is_paid_by_the_next_command(selfinstruct: Command, tmp_path: Path) -> None:
    command = (*superni(tmp_path), *ECHO)
    ended = selfinstruct(*command, "limits.max_requests=25")
    assert ended.code == 4
    assert "limits.max_requests=25 reached" in ended.err
    assert (manifest(tmp_path / "mine")["status"], stored(tmp_path / "runs" / "completions.db")) == ("stopped", 25)
    assert len(lines(tmp_path / "mine" / "predictions.jsonl")) <= 25
    assert not (tmp_path / "mine" / "scores.jsonl").exists()
    assert selfinstruct(*command).code == 0
    told = manifest(tmp_path / "mine")
    assert (told["status"], told["sent"], told["from_store"]) == ("done", 35, 25)


def test_examples_change_the_prompt_and_the_identity_but_not_the_items(selfinstruct: Command, tmp_path: Path) -> None:
    command = (*superni(tmp_path)[:-1], *COUNT)
    for shots in (0, 2):
        assert selfinstruct(*command, f"benchmark.shots={shots}", f"run_dir=shots{shots}").code == 0
    zero, two = (manifest(tmp_path / f"shots{shots}") for shots in (0, 2))
    assert zero["identity"] != two["identity"]
    assert zero["benchmark"]["sha256"] == two["benchmark"]["sha256"]
    refused = selfinstruct(*command, "benchmark.shots=3", "run_dir=shots3")
    assert refused.code == 2
    assert "task000_count has 2 positive examples; ask for fewer" in refused.err


def test_a_completion_model_gets_one_text_and_is_cut_at_its_stop_sequences(
    selfinstruct: Command, tmp_path: Path
) -> None:
    ended = selfinstruct(*superni(tmp_path), *ECHO[:2], "+model.options.kind=ramble", "model.mode=completion")
    assert ended.code == 0, ended.err
    assert lines(tmp_path / "mine" / "predictions.jsonl")[0]["prediction"] == "word word t0"
    assert metrics(tmp_path / "mine")["evaluation.exact_match"] == 33.3333
    assert manifest(tmp_path / "mine")["counts"]["arms"]["echo"]["cut"] == 0  # what was cut off was not the answer


def test_references_that_rouge_cannot_see_are_said(selfinstruct: Command, tmp_path: Path) -> None:
    write_lines(tmp_path / "b.jsonl", [{"id": "q0", "instruction": "Πες το.", "references": ["κόσμε"]}])
    write_answers(tmp_path / "p.jsonl", ["κόσμε"])
    command = ("evaluate", "benchmark=file", "benchmark.path=b.jsonl", "predictions=p.jsonl", *OFF)
    assert (
        "no reference in which ROUGE's tokenizer sees a word (another script, marks): 1." in selfinstruct(*command).out
    )
    seen = selfinstruct(*command, "benchmark.tokenizer=unicode", "run_dir=seen")
    assert "sees a word" not in seen.out
    assert metrics(tmp_path / "seen")["evaluation.rouge_l"] == 100.0


def test_a_sample_is_told_from_the_whole_benchmark(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct(*superni(tmp_path), *ECHO, "benchmark.sample=20").code == 0
    assert manifest(tmp_path / "mine")["benchmark"]["items"] == 20
    page = (tmp_path / "mine" / "report" / "report.html").read_text(encoding="utf-8")
    assert "A sample of 60: not the score of the whole benchmark." in page


def questions(folder: Path, **answers: list[str | None]) -> tuple[str, ...]:
    path = write_questions(folder / "questions.jsonl")
    for name, texts in answers.items():
        write_answers(folder / f"{name}.jsonl", texts)
    listed = ",".join(f"{name}.jsonl" for name in answers)
    return ("evaluate", "benchmark=file", f"benchmark.path={path}", f"predictions=[{listed}]", *HERE)


ONE = ["good 0", "good 1", "fair 2", "poor", "mumble", "forbidden", *[f"good {n}" for n in range(6, 14)]]
OTHER = ["fair 0", "good 1", "poor 2", "good 3", "good", None, *["nothing"] * 8]


def test_predictions_are_scored_without_a_model_and_what_did_not_fit_is_said(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALUATION_ASKED", str(tmp_path / "asked"))
    command = questions(tmp_path, one=OTHER)
    with (tmp_path / "one.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "q0", "prediction": "good 0"}\n{"id": "q99", "prediction": "x"}\n')
    ended = selfinstruct(*command)
    assert ended.code == 0, ended.err
    assert not (tmp_path / "asked").exists() and not (tmp_path / "runs").exists()
    assert "requests none: the answers were given, and no model was asked" in ended.out
    counts = manifest(tmp_path / "mine")["counts"]["arms"]["one"]
    assert (counts["answers"], counts["missing"], counts["doubled"], counts["unknown"]) == (13, 1, 1, 1)
    assert "one: items without an answer: 1; answers replaced by a later one to the same item: 1" in ended.out
    assert "in no mean; the official scorer would count them as empty answers" in ended.out
    # of 13 answers "good 0", "good 1" and "good 3" are right
    assert metrics(tmp_path / "mine")["evaluation.exact_match"] == round(100 * 3 / 13, 4)
    official = selfinstruct(*command, "benchmark.missing=empty", "run_dir=official")
    assert "count as empty answers, which is what the official scorer does" in official.out
    assert metrics(tmp_path / "official")["evaluation.exact_match"] == round(100 * 3 / 14, 4)


def test_a_judge_grades_every_answer_and_compares_them_and_is_paid_once(selfinstruct: Command, tmp_path: Path) -> None:
    command = (*questions(tmp_path, one=ONE, other=OTHER), *JUDGE)
    ended = selfinstruct(*command)
    assert ended.code == 0, ended.err
    told, found = manifest(tmp_path / "mine"), metrics(tmp_path / "mine")
    # one: 10 good, 1 fair, 1 poor, mumble is not read, forbidden is refused
    assert [found[f"evaluation.one.grade.{name}"] for name in ("graded", "unreadable", "refused")] == [12, 1, 1]
    assert found["evaluation.one.grade.share_A"] == round(10 / 12, 6)
    assert found["evaluation.one.grade.acceptable"] == round(11 / 12, 6)
    # other: of 13 answers 3 good, 1 fair, 1 poor, 8 of another word (D)
    assert found["evaluation.other.grade.share_D"] == round(8 / 13, 6)
    verdicts = [(line["id"], line["verdict"], line["outcome"]) for line in lines(tmp_path / "mine" / "pairs.jsonl")]
    assert verdicts[:5] == [
        ("q0", "one", "consistent"), ("q1", "tie", "same"), ("q2", "one", "consistent"), ("q3", "other", "consistent"),
        ("q4", None, "unreadable"),
    ]  # fmt: skip
    assert len(verdicts) == 13  # q5 has one answer only
    assert told["usage"]["grades"]["requests"] == 27 and told["usage"]["pairs"]["requests"] == 24
    assert told["judge"]["model"] == "test/judge"
    assert (found["evaluation.pairs.one.other.wins"], found["evaluation.pairs.one.other.unread"]) == (10, 1)
    assert "Answers to which the judge gave no grade that could be read: 2." in ended.out
    assert "differ   selfinstruct compare runs=[mine]" in ended.out
    paid = stored(tmp_path / "runs" / "completions.db")
    again = selfinstruct(*command, "run_dir=again")
    assert again.code == 0
    assert stored(tmp_path / "runs" / "completions.db") == paid
    assert (manifest(tmp_path / "again")["sent"], manifest(tmp_path / "again")["from_store"]) == (
        0,
        50,
    )  # both said "good 1", whose grade is one request


def test_a_judge_that_goes_by_the_place_decides_nothing(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct(*questions(tmp_path, one=ONE, other=OTHER), *FIRST)
    assert ended.code == 0, ended.err
    header, row = (tmp_path / "mine" / "report" / "pairs.csv").read_text(encoding="utf-8").splitlines()
    found = dict(zip(header.split(","), row.split(","), strict=True))
    assert [found[name] for name in ("wins", "ties", "losses", "inconsistent", "same", "unread")] == [
        "0", "12", "0", "11", "1", "1",
    ]  # fmt: skip
    assert (found["first_place"], found["second_place"], float(found["place_p"])) == ("11", "0", 2 / 2**11)
    assert "11 (11, 0)" in ended.out


def test_people_are_compared_with_the_judge(selfinstruct: Command, tmp_path: Path) -> None:
    command = (*questions(tmp_path, one=["good", "fair", "poor", "bad"] * 3 + ["good", "fair"]), *JUDGE)
    grades = "ABCD" * 3 + "AB"
    people = [{"item": f"q{n}", "rater": "ann", "grade": grade} for n, grade in enumerate(grades)]
    people += [{"item": f"q{n}", "rater": "ben", "grade": "A" if n else "D"} for n in range(14)]
    write_lines(tmp_path / "people.jsonl", people)
    ended = selfinstruct(*command, "human=people.jsonl")
    assert ended.code == 0, ended.err
    rows = (tmp_path / "mine" / "report" / "agreement.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:4] for row in rows if row.startswith("judge,ann")][:2] == [
        ["judge", "ann", "percent", "1.0"],
        ["judge", "ann", "kappa", "1.0"],
    ]
    assert any(row.startswith("ann,ben,kappa") for row in rows)
    found = metrics(tmp_path / "mine")
    assert (found["evaluation.agreement.ann.kappa"], found["evaluation.agreement.ann.items"]) == (1.0, 14)
    assert "evaluation.agreement.ben.spearman" in found
    refused = selfinstruct(*command[:-4], "human=people.jsonl", "run_dir=other")
    assert refused.code == 2
    assert "human: there is no judge to compare people with" in refused.err


def test_a_sheet_of_people_that_cannot_be_read_is_refused_before_the_judge_is_paid(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALUATION_ASKED", str(tmp_path / "asked"))
    (tmp_path / "people.csv").write_text("item,rater,grade\nq0,ann,E\n", encoding="utf-8")
    ended = selfinstruct(*questions(tmp_path, one=ONE), *JUDGE, "human=people.csv")
    assert ended.code == 2 and "people.csv" in ended.err
    assert not (tmp_path / "asked").exists() and not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("benchmark.tokenizer=words", "benchmark.tokenizer=words: no such file"),
        ("benchmark.shots=-1", "benchmark.shots=-1: input should be greater than or equal to 0"),
        ("+benchmark.colour=red", "benchmark.colour: unknown key"),
        ("predictions=nowhere.jsonl", "nowhere.jsonl: no such file"),
        ("model.name=echo", "model.name=echo: give it as <provider>/<model>"),
        ("benchmark.chat.template='{{ nothing }}'", "benchmark.chat.template: 'nothing' is undefined"),
        ("store.url=nothing", "store.url=nothing"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    selfinstruct: Command, tmp_path: Path, override: str, said: str
) -> None:
    ended = selfinstruct(*superni(tmp_path, tasks=1), *ECHO, override)
    assert ended.code == 2
    assert said in ended.err
    assert not (tmp_path / "mine").exists() and not (tmp_path / "runs").exists()


def test_a_folder_of_something_else_is_not_written_over(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct(*superni(tmp_path), *ECHO).code == 0
    command = ("evaluate", "benchmark=superni", "benchmark.path=ni", *HERE)
    kept = {path: path.read_bytes() for path in (tmp_path / "mine").glob("*.json*")}
    another_model = selfinstruct(*command, *COUNT)
    task = tmp_path / "ni" / "tasks" / "task000_count.json"
    task.write_text(task.read_text(encoding="utf-8").replace("word word t0", "word word t0!"), encoding="utf-8")
    another_question = selfinstruct(*command, *ECHO)
    for ended in (another_model, another_question):
        assert ended.code == 2 and "holds something else" in ended.err
    assert {path: path.read_bytes() for path in (tmp_path / "mine").glob("*.json*")} == kept


def test_a_dry_run_shows_prompts_and_figures_and_writes_nothing(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct(*superni(tmp_path), "judge=offline", "dry_run=true")
    assert ended.code == 0, ended.err
    assert "Definition of the task: Count the words of the sentence (task000_count)." in ended.out
    assert "=== grades: the first prompt" in ended.out
    rows = [line.split()[:2] for line in ended.out.splitlines() if line.strip().startswith(("answers ", "grades "))]
    assert rows == [["answers", "60"], ["grades", "60"]]
    assert not (tmp_path / "mine").exists() and not (tmp_path / "runs").exists()


def test_a_rehearsed_sweep_adds_up_what_models_and_judges_would_be_asked(selfinstruct: Command, tmp_path: Path) -> None:
    price = ("model.input_cost_per_token=1e-6", "model.output_cost_per_token=2e-6")
    judge = ("judge.input_cost_per_token=3e-6", "judge.output_cost_per_token=4e-6")
    command = (*superni(tmp_path)[:-1], "judge=offline", "dry_run=true", *price, *judge)
    ended = selfinstruct(*command, "-m", "benchmark.shots=0,2")
    assert ended.code == 0, ended.err
    alls = [line.split() for line in ended.out.splitlines() if line.startswith("  all ")]
    assert [int(words[1]) for words in alls] == [60] * 4  # of each arm the model and the judge
    total = ended.out[ended.out.index("The sweep together") :]
    assert "2 runs would send 240 requests" in total
    (cost,) = re.findall(r"cost     \$([\d.]+) ", total)
    assert float(cost) == pytest.approx(sum(float(words[-4].strip("$")) for words in alls), abs=2.1e-4)  # rounded


def test_the_tracker_mirrors_scores_tags_and_files(selfinstruct: Command, tmp_path: Path) -> None:
    command = [part for part in questions(tmp_path, one=ONE) if part != "tracking=off"]
    ended = selfinstruct(*command, *JUDGE, "study=mine")
    assert ended.code == 0 and "tracking failed" not in ended.err, ended.err
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("selfinstruct").experiment_id])  # type: ignore[union-attr]
    assert run.data.metrics["evaluation.exact_match"] == metrics(tmp_path / "mine")["evaluation.exact_match"]
    assert run.data.metrics["evaluation.grade.acceptable"] == pytest.approx(11 / 12)
    tags = {key: run.data.tags[f"selfinstruct.{key}"] for key in ("verb", "benchmark", "model", "study", "status")}
    assert tags == {"verb": "evaluate", "benchmark": "file", "model": "one", "study": "mine", "status": "done"}
    assert run.info.status == "FINISHED"
    kept = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"predictions.jsonl", "scores.jsonl", "grades.jsonl", "manifest.json", "report"} <= kept


def test_a_sweep_over_models_gives_a_folder_for_each(selfinstruct: Command, tmp_path: Path) -> None:
    command = superni(tmp_path)[:-1]
    ended = selfinstruct(*command, *ECHO[:2], "-m", "+model.options.kind=echo,count")
    assert ended.code == 0, ended.err
    found = sorted((tmp_path / "runs").glob("superni-echo-*"))
    assert len(found) == 2
    scores = sorted(metrics(folder)["evaluation.exact_match"] for folder in found)
    (page,) = (tmp_path / "runs" / "sweeps").glob("*/compare/report.html")
    assert "echo, kind=echo" in page.read_text(encoding="utf-8")
    assert scores == [0.0, 33.3333]  # "word word t0" has three words, and the reference says 2
