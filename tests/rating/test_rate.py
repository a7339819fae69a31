"""`selfinstruct rate` from end to end without a browser: sheets out and in, going on, one clear error for a fault."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from selfinstruct.rate_job import RateConfig
from tests.conftest import Command
from tests.rating.sheets import fill_all
from tests.rating.studies import make_predictions, make_run, rows, serving


def the_folder(tmp_path: Path) -> Path:
    (folder,) = tmp_path.glob("runs/rate-*")
    return folder


def test_sheets_go_out_and_come_back_into_a_comparison(selfinstruct: Command, tmp_path: Path) -> None:
    for name in ("high", "mixed"):
        make_run(tmp_path / name, [f"=output {n} of {name}" for n in range(5)], name)
    study = ("rate", "run=[high,mixed]", "sample_size=4", "raters=[anna,ben]")
    out = selfinstruct(*study, "sheets=out", "format=csv")
    assert out.code == 0, out.err
    anna, ben, readme = (tmp_path / line for line in out.out.splitlines())
    assert "Review of generated tasks" in readme.read_text(encoding="utf-8")
    assert "high" not in "".join(row["item"] + row["study"] for row in rows(anna))
    fill_all(anna, valid_task="yes", appropriate_input="yes", correct_output="yes")
    fill_all(ben, valid_task="yes", appropriate_input="no", correct_output="yes")
    back = selfinstruct(*study, "sheets=in", f"files=[{anna},{ben}]")
    assert back.code == 0, back.err
    assert "anna: 8 items changed" in back.out and "8 of 8 rated" in back.out
    found = rows(the_folder(tmp_path) / "ratings.csv")
    assert len(found) == 16
    assert {(row["arm"], row["rater"], row["all_valid"]) for row in found} == {
        ("high", "anna", "yes"),
        ("high", "ben", "no"),
        ("mixed", "anna", "yes"),
        ("mixed", "ben", "no"),
    }
    (following,) = [line for line in back.out.splitlines() if line.startswith("next")]
    compared = selfinstruct(*following.split()[2:], "out=compared")
    assert compared.code == 0, compared.err
    again = selfinstruct(*study, "sheets=in", f"files=[{anna},{ben}]")
    assert "anna: 0 items changed" in again.out


def test_a_workbook_comes_back_too_and_faults_are_one_error(selfinstruct: Command, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    make_run(tmp_path / "first", ["one", "two"])
    path = tmp_path / selfinstruct("rate", "run=first", "sheets=out", "raters=anna").out.splitlines()[0]
    assert path.name == "anna.xlsx"
    book = load_workbook(path)
    sheet = book["Ratings"]
    column = next(cell.column for cell in sheet[1] if cell.value == "valid_task")
    sheet.cell(2, column).value = True  # a spreadsheet program may make a truth value of a word
    sheet.cell(3, column).value = "maybe"
    book.save(path)
    faulty = selfinstruct("rate", "run=first", "sheets=in", f"files={path}")
    assert faulty.code == 2
    assert f'{path}:3: valid_task="maybe": give yes or no' in faulty.err
    sheet.cell(3, column).value = "no"
    book.save(path)
    assert selfinstruct("rate", "run=first", "sheets=in", f"files={path}").code == 0
    assert sorted(row["valid_task"] for row in rows(the_folder(tmp_path) / "ratings.csv")) == ["no", "yes"]


def test_the_same_command_goes_on_and_another_question_is_another_study(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one", "two", "three"])
    selfinstruct("rate", "run=first", "serve=false", "raters=[anna]")
    folder = the_folder(tmp_path)
    items = (folder / "items.jsonl").read_bytes()
    ended = selfinstruct("rate", "run=first", "serve=false", "raters=[ben]")
    assert "anna      0 of 3 rated" in ended.out and "ben       0 of 3 rated" in ended.out
    assert the_folder(tmp_path) == folder and (folder / "items.jsonl").read_bytes() == items
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["verb"], manifest["raters"], manifest["items"]) == ("rate", ["anna", "ben"], 3)
    assert (manifest["status"], manifest["arms"]) == ("stopped", ["first"])
    selfinstruct("rate", "run=first", "serve=false", "random_seed=7")
    selfinstruct("rate", "run=first", "serve=false", "sample_size=2")
    selfinstruct("rate", "run=first", "serve=false", "form=criteria")
    assert len(list(tmp_path.glob("runs/rate-*"))) == 4


def test_numbers_are_names_of_raters_and_nobody_named_is_one_rater(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one"])
    assert "rater      0 of 1 rated" in selfinstruct("rate", "run=first", "serve=false").out
    ended = selfinstruct("rate", "run=first", "serve=false", "raters=[1,2]")
    assert [line.split()[0] for line in ended.out.split("\n\n")[0].splitlines() if line] == ["1", "2"]


@pytest.mark.parametrize("settling", ["adjudicate=true", "raters=[consensus]"])
def test_the_rater_called_consensus_settles(selfinstruct: Command, tmp_path: Path, settling: str) -> None:
    make_run(tmp_path / "first", ["one"])
    selfinstruct("rate", "run=first", "serve=false", "raters=[anna,ben]")
    ended = selfinstruct("rate", "run=first", "serve=false", settling)
    assert "consensus      0 of 0 settled" in ended.out
    sheets = selfinstruct("rate", "run=first", "sheets=out").out.splitlines()
    assert [Path(line).name for line in sheets] == ["anna.xlsx", "ben.xlsx", "README.txt"]


BAD = [
    ([], "give run=<run folder> or predictions="),
    (["run=first", "predictions=[a.jsonl]"], "and not both"),
    (["run=nowhere"], "nowhere: no manifest.json there"),
    (["predictions=[nowhere.jsonl]"], "nowhere.jsonl: no such file"),
    (["run=first", "+form.questions.True={kind:text,about:answer,required:false,text:a,explanation:b}"], "into quotes"),
    (["predictions=[a.jsonl]", "form=criteria"], "form=criteria: is about the instructions of a run"),
    (["run=first", "show_reference=true"], "show_reference: a run has no reference answers"),
    (["run=first", "sheets=in"], "sheets=in: no files"),
    (["run=first", "files=[a.csv]"], "files, replace: are about sheets that come back"),
    (["run=first", "sheets=aside"], 'sheets="aside"'),
    (["run=first", "sample_size=0"], "sample_size=0"),
    (["run=first", "port=70000"], "port=70000"),
    (["run=first", "raters=[anna,Anna]"], '"anna" is named twice'),
    (["run=first", "raters=[anna,anna]"], '"anna" is named twice'),
    (["run=first", "raters=[Consensus]"], 'raters: "Consensus": who settles disagreements is called consensus'),
    (["run=first", "raters=['=anna']"], 'raters: "=anna": give letters'),
    (["run=first", "raters=['../anna']"], 'raters: "../anna": give letters'),
    (["run=first", "arms=[a,b]"], "arms: 2 names for 1 of run="),
    (["run=first", "+colour=red"], "colour: unknown key"),
    (["run=first", "run_dir=first"], "holds something else"),
    (["run_dir=first"], "a folder of `selfinstruct run`; give run= or predictions=, too"),
    (["run_dir=nowhere"], "nowhere: no manifest.json there"),
    (["run=first", "address=ratings.example.org"], 'address="ratings.example.org": give scheme and name'),
    (["run=first", "address=https://example.org/rate"], "give scheme and name in small letters only"),
    (["run=first", "run_dir=a.jsonl/below"], "choose another run_dir"),
]


@pytest.mark.parametrize(
    ("arguments", "says"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_gets_one_message(selfinstruct: Command, tmp_path: Path, arguments: list[str], says: str) -> None:
    make_run(tmp_path / "first", ["one"])
    make_predictions(tmp_path / "a.jsonl", ["x"])
    ended = selfinstruct("rate", *arguments)
    assert ended.code != 0 and says in ended.err, ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_port_that_is_taken_is_one_clear_error(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = selfinstruct("rate", "run=first", f"port={port}")
    assert ended.code == 2
    assert f"port={port}: another program listens there; choose another" in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_study_is_served_once_and_looked_at_meanwhile(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one"])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        second = selfinstruct("rate", "run=first", "port=0")
        assert second.code == 2 and "another process is writing this run" in second.err
        looked = selfinstruct("rate", "run=first", "serve=false")
        assert looked.code == 0 and "0 of 1 rated" in looked.out
        code, out = served.interrupt()
    assert code == 0 and "ratings  runs/rate-" in out
    assert (tmp_path / "rate.err").read_text() == ""


def test_a_server_that_is_asked_to_end_closes_the_study(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one"])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        os.kill(served.process.pid, signal.SIGTERM)
        out, _ = served.process.communicate(timeout=30)
    assert served.process.returncode == 0 and "0 of 1 rated" in out


def test_another_host_prints_addresses_with_a_token_and_asks_for_it(tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one"])
    with serving(tmp_path, "run=first", "raters=[anna]", "host=0.0.0.0") as served:
        (token,) = re.findall(r"\?token=(\S+)", served.lines[0])
        address = f"http://127.0.0.1:{served.port}/api/anna"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(address, timeout=10)
        asked = urllib.request.Request(address, headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=10) as answered:
            assert json.load(answered)["items"]
        assert token not in json.dumps([path.read_text() for path in tmp_path.glob("runs/rate-*/*.[jy]*")])


def test_the_help_names_every_key(selfinstruct: Command) -> None:
    ended = selfinstruct("rate", "--help")
    assert ended.code == 0
    config = selfinstruct("rate", "--cfg", "job").out
    keys = [line.partition(":")[0] for line in config.splitlines() if line[:1].isalpha()]
    assert set(keys) == {field.name for field in fields(RateConfig)}
    for key in keys:
        assert re.search(rf"^ .*\b{key}\b", ended.out, re.MULTILINE), key


def test_the_folder_of_a_study_is_enough_to_go_on_when_the_run_is_gone(selfinstruct: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "first", ["one", "two", "three"])
    begun = ("rate", "run=first", "form=grades", "random_seed=7", "raters=[anna]", "sheets=out", "format=csv")
    sheet = tmp_path / selfinstruct(*begun).out.splitlines()[0]
    order = [row["item"] for row in rows(sheet)]
    shutil.rmtree(run)
    gone = selfinstruct("rate", "run=first", "serve=false")
    assert gone.code == 2 and "goes on with run_dir=<its folder> alone" in gone.err
    folder = the_folder(tmp_path)
    before = (folder / "config.yaml").read_bytes()
    fill_all(sheet, grade="B")
    back = selfinstruct("rate", f"run_dir={folder}", "sheets=in", f"files={sheet}", "raters=[ben]")
    assert back.code == 0, back.err
    assert "goes on with the form grades and 3 items of first" in back.err
    assert "anna      3 of 3 rated" in back.out and "ben       0 of 3 rated" in back.out
    assert {row["grade"] for row in rows(folder / "ratings.csv")} == {"B"}
    assert selfinstruct("rate", f"run_dir={folder}", "sheets=out", "format=csv").code == 0
    assert [row["item"] for row in rows(sheet)] == order
    assert (folder / "config.yaml").read_bytes() == before
    text = before.decode().replace("address: null\n", "")  # a study of an earlier version, which had fewer keys
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    assert len(text) < len(before) and selfinstruct("rate", f"run_dir={folder}", "serve=false").code == 0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "config.yaml").unlink(), "config.yaml: holds no config of a study"),
        (
            lambda folder: (folder / "config.yaml").write_text("form: {name: x}"),
            "config.yaml: holds no config of a study",
        ),
        (lambda folder: (folder / "config.yaml").write_text("form: ["), "config.yaml: holds no config of a study"),
        (lambda folder: (folder / "items.jsonl").unlink(), "items.jsonl: no such file"),
        (lambda folder: (folder / "items.jsonl").write_text('{"id": "1"}\n'), "items.jsonl:1: no item"),
        (lambda folder: (folder / "ratings.sqlite").write_text("x" * 2000), "ratings.sqlite: file is not a database"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json: cannot be read"),
    ],
    ids=["no config", "another config", "no YAML", "no items", "items", "ratings", "manifest"],
)
def test_a_damaged_folder_is_one_clear_error(
    selfinstruct: Command, tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    make_run(tmp_path / "first", ["one"])
    selfinstruct("rate", "run=first", "serve=false")
    folder = the_folder(tmp_path)
    spoil(folder)
    ended = selfinstruct("rate", f"run_dir={folder}", "serve=false")
    assert ended.code in {2, 3} and says in ended.err, ended.err
    assert len(ended.err.strip().splitlines()) == 1
