"""`selfinstruct rate`: from its config to a page that is served, or sheets written and read, and ratings.csv.

selfinstruct rate run=runs/first raters=[anna,ben]
selfinstruct rate run=runs/first sheets=in files=[anna.xlsx,ben.xlsx]

The study's folder is named by what is rated and how it is asked, so the same command goes on with the same study.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from selfinstruct import config as configs
from selfinstruct import runs
from selfinstruct.config_texts import as_yaml
from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical, write_text
from selfinstruct.rating import CONSENSUS, Form, Study, check_form
from selfinstruct.rating.items import read_items, write_items
from selfinstruct.rating.ledger import FILE as LEDGER
from selfinstruct.rating.ledger import Ledger
from selfinstruct.rating.prediction_sources import from_predictions
from selfinstruct.rating.run_sources import Material, from_runs
from selfinstruct.rating.serving import serve
from selfinstruct.rating.sheet_files import write_sheets
from selfinstruct.rating.sheet_reading import read_sheets
from selfinstruct.rating.study import rater_names
from selfinstruct.rating.summary import agreement_text, next_command, progress, progress_text
from selfinstruct.rating.table import write_ratings
from selfinstruct.summary import near
from selfinstruct.versions import versions

if TYPE_CHECKING:
    from omegaconf import DictConfig

NOBODY_NAMED = "rater"
Word = str | int | float  # Hydra reads raters=[1,2] as numbers; here they are names
Words = Word | tuple[Word, ...]


@dataclass(frozen=True)
class RateConfig:
    """What `selfinstruct rate` is told: exactly one of `run` and `predictions`; see conf/rate.yaml."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    run: str | tuple[str, ...] | None
    predictions: str | tuple[str, ...] | None
    arms: tuple[Word, ...] | None
    show_reference: bool
    sample_size: Annotated[int, Ge(1)] | None
    random_seed: int
    raters: Words | None
    adjudicate: bool
    run_dir: str | None
    form: Form
    serve: bool
    host: str
    port: Annotated[int, Ge(0), Le(65535)]
    sheets: Literal["out", "in"] | None
    format: Literal["xlsx", "csv"]
    files: str | tuple[str, ...] | None
    replace: bool


def rate(cfg: DictConfig) -> int:
    """Serve the page, or write or read sheets, as the config says; returns the exit code.

    Raises:
        InputError: a config, a form, a source or a sheet that cannot be used.
        LedgerError: the ratings cannot be read or written.
    """
    plain = configs.resolve(cfg)
    config = configs.build(RateConfig, plain)
    check_form(config.form)
    _check_together(config)
    material = _material(config)
    folder, identity = _place(config, material)
    _prepare(folder, identity, config, material, as_yaml(cfg))
    for line in material.left_out:
        _say(line)
    with closing(Ledger(folder / LEDGER)) as ledger:
        raters = rater_names((), (*runs.read_manifest(folder)["raters"], *ledger.raters()), False)
        people = raters if set(raters) - {CONSENSUS} else (NOBODY_NAMED, *raters)
        study = Study(identity, folder, config.form, read_items(folder), config.random_seed, people, ledger)
        _do(config, study)
    return 0


def _do(config: RateConfig, study: Study) -> None:
    if config.sheets == "out":
        print("\n".join(near(path) for path in write_sheets(study, config.format)))
        return
    if config.sheets == "in":
        changed = read_sheets(study, [Path(path).expanduser() for path in _listed(config.files)], config.replace)
        for rater, number in changed.items():
            print(f"{rater}: {number:,} items changed")
    elif config.serve:
        with runs.claimed(study.folder):
            serve(study, config.host, config.port, lambda line: print(line, flush=True))
    _close(study)


def _close(study: Study) -> None:
    """Write ratings.csv and the manifest, and print where the study stands."""
    written = write_ratings(study)
    found = progress(study)
    is_done = all(one.done == one.total for one in found)
    manifest = runs.read_manifest(study.folder)
    counts = {one.rater: {"done": one.done, "skipped": one.skipped, "of": one.total} for one in found}
    manifest |= {"status": runs.DONE if is_done else runs.STOPPED, "counts": counts, "ended": runs.now()}
    runs.write_manifest(study.folder, manifest)
    agreement = agreement_text(study, written[0])
    parts = [progress_text(found), *([agreement] if agreement else [])]
    paths = [f"ratings  {near(path)}" for path in written]
    if any(one.done for one in found):
        paths.append(f"next     {next_command(study, near(written[0]))}")
    print("\n" + "\n\n".join([*parts, "\n".join(paths)]), flush=True)


def _check_together(config: RateConfig) -> None:
    """Refuse values that are fine alone but not together."""
    if (config.run is None) == (config.predictions is None):
        raise InputError("rate: give run=<run folder> or predictions=[<file.jsonl>,...], and not both")
    if config.sheets == "in" and not _listed(config.files):
        raise InputError("sheets=in: no files; name them, for example files=[anna.xlsx,ben.xlsx]")
    if config.sheets != "in" and (config.files is not None or config.replace):
        raise InputError("files, replace: are about sheets that come back; add sheets=in, or leave them out")
    if config.form.unit == "instruction" and config.run is None:
        raise InputError(f"form={config.form.name}: is about the instructions of a run; give run=, or another form")
    if config.show_reference and config.predictions is None:
        raise InputError("show_reference: a run has no reference answers; leave it out, or give predictions=")
    if not config.host.strip():
        raise InputError("host: is empty; give 127.0.0.1, or an address of this machine")


def _material(config: RateConfig) -> Material:
    names = tuple(str(arm) for arm in config.arms or ())
    if config.run is not None:
        folders = [Path(path).expanduser() for path in _listed(config.run)]
        return from_runs(folders, names, config.sample_size, config.random_seed, config.form.unit)
    paths = [Path(path).expanduser() for path in _listed(config.predictions)]
    return from_predictions(paths, names, config.sample_size, config.random_seed, config.show_reference)


def _place(config: RateConfig, material: Material) -> tuple[Path, str]:
    """Return the study's folder and the 12 hexadecimal digits that name what is rated and how it is asked."""
    told = [material.digests, material.arms, asdict(config.form), config.sample_size, config.random_seed]
    identity = hashlib.sha256(canonical([*told, config.show_reference]).encode()).hexdigest()[:12]
    folder = Path(config.run_dir).expanduser() if config.run_dir else Path("runs") / f"rate-{identity}"
    return folder.absolute(), identity


def _prepare(folder: Path, identity: str, config: RateConfig, material: Material, yaml: str) -> None:
    """Write what a study consists of, once, and who rates, each time."""
    earlier = runs.earlier_manifest(folder, identity)
    given = [str(name) for name in _listed(config.raters)]
    raters = rater_names(given, earlier.get("raters", ()), config.adjudicate)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not earlier:
            write_items(folder, material.items)
            write_text(folder / runs.CONFIG, yaml)
        if not earlier or raters != tuple(earlier["raters"]):
            runs.write_manifest(folder, {**(earlier or _manifest(identity, config, material)), "raters": list(raters)})
    except OSError as error:
        raise runs.unwritable(folder, error) from error


def _manifest(identity: str, config: RateConfig, material: Material) -> dict[str, Any]:
    return {
        "verb": "rate",
        "identity": identity,
        "status": runs.STOPPED,
        "form": config.form.name,
        "arms": list(material.arms),
        "sources": dict(zip(material.arms, material.digests, strict=True)),
        "left_out": list(material.left_out),
        "items": len(material.items),
        "sample_size": config.sample_size,
        "random_seed": config.random_seed,
        "counts": {},
        "versions": versions(),
        "started": runs.now(),
    }


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _say(message: str) -> None:
    print(f"selfinstruct: {message}", file=sys.stderr, flush=True)
