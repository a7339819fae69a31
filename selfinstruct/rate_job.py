"""`selfinstruct rate`: from its config to a page that is served, or sheets written and read, and ratings.csv.

selfinstruct rate run=runs/first raters=[anna,ben]
selfinstruct rate run=runs/first sheets=in files=[anna.xlsx,ben.xlsx]

The study's folder is named by what is rated and how it is asked, so the same command goes on with the same study. The
folder alone is enough, too, since it holds everything that is needed: `selfinstruct rate run_dir=runs/rate-<digest>`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
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
    address: str | None
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
    config = _config(configs.resolve(cfg))
    _check_together(config)
    is_begun = config.run is None and config.predictions is None
    folder, config = _begun(config) if is_begun else _prepared(config, as_yaml(cfg))
    with closing(Ledger(folder / LEDGER)) as ledger:
        manifest = runs.read_manifest(folder)
        raters = rater_names((), (*manifest["raters"], *ledger.raters()), False)
        people = raters if set(raters) - {CONSENSUS} else (NOBODY_NAMED, *raters)
        items = read_items(folder)
        study = Study(manifest["identity"], folder, config.form, items, config.random_seed, people, ledger)
        if is_begun:
            _say(f"goes on with the form {config.form.name} and {len(items):,} items of {', '.join(manifest['arms'])}")
        _do(config, study)
    return 0


def _do(config: RateConfig, study: Study) -> None:
    if config.sheets == "out":
        written = write_sheets(study, config.format)
        print("\n".join(near(path) for path in written))
        if CONSENSUS in study.raters and not any(path.stem == CONSENSUS for path in written):
            _say(f"{CONSENSUS}: no sheet yet: no two raters who are done disagree about anything so far")
        return
    if config.sheets == "in":
        changed = read_sheets(study, [Path(path).expanduser() for path in _listed(config.files)], config.replace)
        for rater, number in changed.items():
            print(f"{rater}: {number:,} items changed")
    elif config.serve:
        with runs.claimed(study.folder):
            serve(study, config.host, config.port, config.address or "", lambda line: print(line, flush=True))
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


def _config(plain: dict[str, Any]) -> RateConfig:
    config = configs.build(RateConfig, {**plain, "form": _with_words(plain.get("form"))})
    check_form(config.form)
    return config


def _checked_form(plain: Any) -> Form:
    form = configs.build_section(Form, _with_words(plain), "form")
    check_form(form)
    return form


def _with_words(form: Any) -> Any:
    """Return a form whose acceptable grades are words: numbers may be grades, and in YAML only keys become words."""
    if not isinstance(form, dict) or not isinstance(grades := form.get("acceptable"), list):
        return form
    is_number = [isinstance(grade, int | float) and not isinstance(grade, bool) for grade in grades]
    words = [str(grade) if flag else grade for grade, flag in zip(grades, is_number, strict=True)]
    return {**form, "acceptable": words}


def _check_together(config: RateConfig) -> None:
    """Refuse values that are fine alone but not together."""
    if config.run is not None and config.predictions is not None:
        raise InputError("rate: give run=<run folder> or predictions=[<file.jsonl>,...], and not both")
    if config.run is None and config.predictions is None and config.run_dir is None:
        raise InputError(
            "rate: give run=<run folder> or predictions=[<file.jsonl>,...]; or run_dir=<folder> of a study begun before"
        )
    if config.sheets == "in" and not _listed(config.files):
        raise InputError("sheets=in: no files; name them, for example files=[anna.xlsx,ben.xlsx]")
    if config.sheets != "in" and (config.files is not None or config.replace):
        raise InputError("files, replace: are about sheets that come back; add sheets=in, or leave them out")
    if config.form.unit == "instruction" and config.predictions is not None:
        raise InputError(f"form={config.form.name}: is about the instructions of a run; give run=, or another form")
    if config.show_reference and config.predictions is None:
        raise InputError("show_reference: a run has no reference answers; leave it out, or give predictions=")
    if not config.host.strip():
        raise InputError("host: is empty; give 127.0.0.1, or an address of this machine")
    if config.address is not None and not re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", config.address):
        example = "https://ratings.example.org"
        raise InputError(
            f'address="{config.address}": give scheme and name in small letters only, for example {example}'
        )


def _begun(config: RateConfig) -> tuple[Path, RateConfig]:
    """Return the folder of a study that was begun before, and its own config with what this command says about raters.

    Raises:
        InputError: the folder holds no study.
    """
    from omegaconf import OmegaConf
    from yaml import YAMLError

    folder = Path(config.run_dir or "").expanduser().absolute()
    manifest = runs.read_manifest(folder)
    if (verb := manifest.get("verb", "run")) != "rate":
        raise InputError(f"run_dir={folder}: a folder of `selfinstruct {verb}`; give run= or predictions=, too")
    path = folder / runs.CONFIG
    try:
        loaded: Any = OmegaConf.load(path)
        told = configs.resolve(loaded)
        form, seed = _checked_form(told["form"]), int(told["random_seed"])
    except (OSError, ValueError, KeyError, TypeError, YAMLError, InputError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"{path}: holds no config of a study ({why}); restore it from a copy") from error
    _enter_raters(folder, config, manifest)
    return folder, replace(config, form=form, random_seed=seed)


def _material(config: RateConfig) -> Material:
    paths = [Path(path).expanduser() for path in _listed(config.predictions if config.run is None else config.run)]
    names = tuple(str(arm) for arm in config.arms or ())
    try:
        if config.run is not None:
            return from_runs(paths, names, config.sample_size, config.random_seed, config.form.unit)
        return from_predictions(paths, names, config.sample_size, config.random_seed, config.show_reference)
    except InputError as error:
        if all(path.exists() for path in paths):
            raise
        raise InputError(f"{error}. A study that was begun goes on with run_dir=<its folder> alone") from error


def _place(config: RateConfig, material: Material) -> tuple[Path, str]:
    """Return the study's folder and the 12 hexadecimal digits that name what is rated and how it is asked."""
    told = [material.digests, material.arms, asdict(config.form), config.sample_size, config.random_seed]
    identity = hashlib.sha256(canonical([*told, config.show_reference]).encode()).hexdigest()[:12]
    folder = Path(config.run_dir).expanduser() if config.run_dir else Path("runs") / f"rate-{identity}"
    return folder.absolute(), identity


def _prepared(config: RateConfig, yaml: str) -> tuple[Path, RateConfig]:
    """Return the study's folder; the first command writes there what the study consists of, each who rates."""
    rater_names([str(name) for name in _listed(config.raters)], (), config.adjudicate)  # before anything is written
    material = _material(config)
    folder, identity = _place(config, material)
    earlier = runs.earlier_manifest(folder, identity)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not earlier:
            write_items(folder, material.items)
            write_text(folder / runs.CONFIG, yaml)
    except OSError as error:
        raise runs.unwritable(folder, error) from error
    _enter_raters(folder, config, earlier or _manifest(identity, config, material))
    for line in material.left_out:
        _say(line)
    return folder, config


def _enter_raters(folder: Path, config: RateConfig, manifest: Mapping[str, Any]) -> None:
    """Write the manifest with who rates, where this command adds anybody or the study is new."""
    raters = rater_names([str(name) for name in _listed(config.raters)], manifest.get("raters", ()), config.adjudicate)
    if list(raters) == manifest.get("raters"):
        return
    try:
        runs.write_manifest(folder, {**manifest, "raters": list(raters)})
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
