"""Seed sets are read from JSON Lines, packed files and folders, and known by the hash of what they say."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.jsonl import write_text
from selfinstruct.records import Pair, SeedSet
from selfinstruct.seeds import check_seeds, content_sha256, load_seeds, to_markdown
from tests.seeds.files import GOOD, PUBLISHED, TASK, lines_of, seed_file


def test_a_good_file_loads_in_file_order_with_name_and_quality(tmp_path: Path) -> None:
    path = seed_file(tmp_path, GOOD, GOOD | {"id": "b", "instruction": "Other.", "breaks": ["singular"]})
    second = replace(TASK, id="b", instruction="Other.", breaks=("singular",))
    assert load_seeds(path, "mine", "high") == SeedSet("mine", "high", (TASK, second))


@pytest.mark.parametrize(("file", "counts"), PUBLISHED.items())
def test_the_published_seed_files_load(shared_data: Path, file: str, counts: tuple[int, int]) -> None:
    tasks = load_seeds(shared_data / file, "published", "unrated").tasks
    assert (len(tasks), sum(task.is_classification for task in tasks)) == counts


def test_a_repeated_instruction_is_a_warning_as_the_published_mixed_set_has_one(shared_data: Path) -> None:
    check = check_seeds(shared_data / "selfbehave" / "mixed_quality_seed_tasks.jsonl", "mixed")
    assert check.faults == ()
    assert len(check.warnings) == 1
    assert 'mixed_quality_seed_tasks.jsonl:110: "instruction" repeats' in check.warnings[0]


def test_white_space_does_not_hide_a_repeated_instruction(tmp_path: Path) -> None:
    spaced = GOOD | {"id": "b", "instruction": "Name the\n opposite of the word. "}
    other = GOOD | {"id": "c", "instruction": "Name the opposite of the word"}
    check = check_seeds(seed_file(tmp_path, GOOD, spaced, other), "s")
    assert [warning.partition(": ")[0] for warning in check.warnings] == [f"{tmp_path}/seeds.jsonl:2"]


def test_id_and_name_may_be_left_out(tmp_path: Path) -> None:
    bare = {key: value for key, value in GOOD.items() if key not in {"id", "name"}}
    named = bare | {"instruction": "Other.", "id": "own"}
    tasks = load_seeds(seed_file(tmp_path, bare, named), "mine", "unrated").tasks
    assert [(task.id, task.name) for task in tasks] == [("mine_0", "mine_0"), ("own", "own")]


def test_packed_files_marked_files_and_windows_line_ends_load_alike(tmp_path: Path) -> None:
    data = lines_of(GOOD).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    (tmp_path / "b.jsonl").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    for name in ("a.jsonl.gz", "b.jsonl"):
        assert load_seeds(tmp_path / name, "s", "high").tasks == (TASK,)


def test_a_folder_of_markdown_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        task = replace(TASK, id=name, name=name, instruction=f"Do {name}.")
        write_text(tmp_path / f"{name}.md", to_markdown(SeedSet("ignored", "ignored", (task,))))
    write_text(tmp_path / "notes.txt", "not read")
    seed_set = load_seeds(tmp_path, "both", "high")
    assert (seed_set.name, seed_set.quality, [task.id for task in seed_set.tasks]) == ("both", "high", ["a", "b"])


def test_the_content_hash_ignores_path_format_and_labels_only(tmp_path: Path) -> None:
    seed_set = load_seeds(seed_file(tmp_path, GOOD), "s", "high")
    write_text(tmp_path / "other.md", to_markdown(seed_set))
    same = load_seeds(tmp_path / "other.md", "t", "mixed")
    relabelled = SeedSet("s", "high", (replace(TASK, id="z", name="z", breaks=("singular",)),))
    assert content_sha256(seed_set) == content_sha256(same) == content_sha256(relabelled)
    changed = [
        replace(TASK, instruction="x"),
        replace(TASK, is_classification=True),
        replace(TASK, instances=(Pair("cold", "Hot"),)),
        replace(TASK, instances=(Pair("hot", "cold"),)),
    ]
    hashes = {content_sha256(SeedSet("s", "high", (task,))) for task in [TASK, *changed]}
    assert len(hashes) == 1 + len(changed)


def test_the_content_hash_is_the_sha_256_of_canonical_json() -> None:
    # printf '[{"instances":[{"input":"cold","output":"hot"}],"instruction":"Name the opposite of the word.",
    # "is_classification":false}]' (on one line) | sha256sum
    expected = "7cf0bcf2c57f7cdead240473063d559ae900793dc957097a1b067afe2d172972"
    assert content_sha256(SeedSet("s", "high", (TASK,))) == expected
