"""What is wrong with a command line, in words: what was typed, and what was probably meant.

    generation.targt: unknown key; did you mean "generation.target"?
    model=opnai: no such option; did you mean "openai"? Or choose one of anthropic, azure, ...
    --generation.target=5: unknown option; an override has no dashes: generation.target=5

Hydra finds these faults, but speaks of structs and search paths.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.shipped import data_root

_UNKNOWN_KEY = re.compile(r"Could not override '([^']+)'")
_NO_SUCH_OPTION = re.compile(r"Could not find '(.+)/([^/']+)'")
_SEVERAL = re.compile(r"Ambiguous value for argument '([^'=]+)=(.*)'")


def unknown_verb(verb: str, verbs: Iterable[str]) -> str:
    """Return the message for a first argument that is no verb."""
    return f'"{verb}" is no verb; {_did_you_mean(verb, verbs) or "choose one of " + ", ".join(verbs)}'


def refuse(verb: str, arguments: Sequence[str]) -> None:
    """Refuse what Hydra would misunderstand: dashes before an override, group=null, a study of the other kind.

    Raises:
        InputError: one of them.
    """
    from hydra._internal.utils import get_args_parser

    known = get_args_parser()._option_string_actions
    for argument in arguments:
        name = argument.partition("=")[0]
        if name.startswith("-") and not any(option.startswith(name) for option in known) and not name[1:2].isdigit():
            given = argument.lstrip("-")
            example = given if "=" in given else f"{given}=..."
            raise InputError(f"{argument}: unknown option; an override has no dashes: {example}; see --help")
        _refuse_empty_group(argument)
        _refuse_other_kind_of_study(verb, argument)


def _refuse_empty_group(argument: str) -> None:
    """Hydra takes group=null for a group without a choice, and fails without saying so."""
    group, _, choice = argument.lstrip("+").partition("=")
    folder = data_root() / "conf" / group
    if choice == "null" and group and group != "experiments" and folder.is_dir():
        options = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        raise InputError(f"{argument}: names no option of this group; leave it out, or choose one of {options}")


def _refuse_other_kind_of_study(verb: str, argument: str) -> None:
    """A study is a sweep, for `run -m`, or a chain of steps, for `study`; the other verb knows none of its keys."""
    group, _, name = argument.lstrip("+").partition("=")
    path = data_root() / "conf" / "experiments" / f"{name}.yaml"
    if group != "experiments" or not path.is_file():
        return
    is_chain = "\nsteps:" in path.read_text(encoding="utf-8")
    if is_chain and verb != "study":
        raise InputError(f"{argument}: a chain of steps; run it by `selfinstruct study {argument}`")
    if verb == "study" and not is_chain:
        raise InputError(f"{argument}: a sweep, no chain of steps; run it by `selfinstruct run -m {argument}`")


def in_words(verb: str, arguments: Sequence[str], error: BaseException) -> str:
    """Return Hydra's or OmegaConf's error as one line: what was typed, what is wrong, what to do."""
    said = str(error)
    if (key := _UNKNOWN_KEY.search(said)) is not None:
        return _unknown_key(verb, arguments, key[1])
    if (place := _NO_SUCH_OPTION.search(said)) is not None:
        return _no_such_option(place[1], place[2], getattr(error, "options", None) or ())
    if (several := _SEVERAL.search(said)) is not None:
        return f"{several[1]}={several[2]}: several values; add -m to sweep them, or write a list as [{several[2]}]"
    override = getattr(error, "override", None)
    if isinstance(override, str):
        return _unreadable(override, said.splitlines()[0])
    return _one_line(error)


def _unknown_key(verb: str, arguments: Sequence[str], key: str) -> str:
    """Name the first part of the key that does not exist, and what is there instead."""
    here: Any = _config_of(verb, arguments)
    sound: list[str] = []
    for part in key.split("."):
        if not isinstance(here, dict) or not here:
            break
        if part in here:
            here = here[part]
            sound.append(part)
            continue
        close = difflib.get_close_matches(part, here, n=1)
        if close:
            return (
                f'{key}: unknown key; did you mean "{".".join([*sound, close[0], *key.split(".")[len(sound) + 1 :]])}"?'
            )
        place = ".".join(sound) or f"selfinstruct {verb}"
        return f"{key}: unknown key; {place} has {', '.join(name for name in here if name != 'hydra')}"
    return f"{key}: unknown key; see `selfinstruct {verb} --help`"


def _config_of(verb: str, arguments: Sequence[str]) -> Any:
    """Return a verb's config with the groups that were chosen, or without them where they do not fit."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    conf = data_root() / "conf"
    chosen = [argument.partition(",")[0] for argument in arguments if (conf / argument.partition("=")[0]).is_dir()]
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base="1.3", config_dir=str(conf)):
        for groups in (chosen, []):
            with contextlib.suppress(HydraException, OmegaConfBaseException):
                return OmegaConf.to_container(compose(verb, groups), resolve=False)
    return {}


def _no_such_option(group: str, option: str, options: Sequence[str]) -> str:
    hint = _did_you_mean(option, options)
    there = f"choose one of {', '.join(options)}" if options else f"see conf/{group}/"
    return f"{group}={option}: no such option; {f'{hint} Or ' if hint else ''}{there}"


def _unreadable(override: str, said: str) -> str:
    key, sign, value = override.partition("=")
    if not sign:
        return f"{override}: no value; write an override as key=value, for example {key}=..."
    return f"{override}: {said}; put a value with signs of its own in quotes: '{key}=\"{value}\"'"


def _did_you_mean(typed: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(typed, list(known), n=1)
    return f'did you mean "{close[0]}"?' if close else ""


def _one_line(error: BaseException) -> str:
    """Hydra's message, with that of its cause where it says more."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("full_key:", "object_type=", "reference_type="))]
    text = "; ".join(kept) or type(error).__name__
    cause = error.__cause__
    if cause is not None and str(cause).splitlines() and str(cause).splitlines()[0] not in text:
        text += f" ({str(cause).splitlines()[0]})"
    return text
