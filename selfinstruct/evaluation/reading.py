"""A benchmark from its files: options go in, items come out; nothing is fetched.

    read_benchmark(options, random_seed=42).items[0]  ->  Item(id="user_oriented_task_0", ...)

What is refused names file, line and remedy: `tasks/task1.json: "Definition" is missing; give ...`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.evaluation.item_files import read_items
from selfinstruct.evaluation.items import Benchmark, Item, sampled, with_whole_characters
from selfinstruct.evaluation.options import BenchmarkOptions
from selfinstruct.evaluation.superni import read_superni


def read_benchmark(options: BenchmarkOptions, random_seed: int) -> Benchmark:
    """Return the items that the options name.

    Raises:
        InputError: a file is missing or not as its format says, there is no item, or two items have one id.
    """
    path = Path(options.path).expanduser()
    items = read_superni(path, options.split, options.instances) if options.kind == "superni" else read_items(path)
    if not items:
        raise InputError(f"benchmark.path={path}: holds no item; give a benchmark that asks something")
    _refuse_doubles(items)
    chosen = sampled(list(map(with_whole_characters, items)), options.sample, random_seed, options.name)
    return Benchmark(options.name, chosen, len(items))


def _refuse_doubles(items: Iterable[Item]) -> None:
    seen: dict[str, str] = {}
    for item in items:
        if item.id in seen:
            raise InputError(
                f'benchmark: the id "{item.id}" stands in {seen[item.id]} and in {item.task}; give each its own'
            )
        seen[item.id] = item.task
