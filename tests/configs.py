"""Configs for tests: composed by Hydra once, then changed on a copy."""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING

import yaml

from selfinstruct import config as configs
from selfinstruct import naming
from selfinstruct.shipped import register_resolvers
from tests.conftest import ROOT

if TYPE_CHECKING:
    from omegaconf import DictConfig

CONF = ROOT / "conf"
DEFAULTS = yaml.safe_load((CONF / "run.yaml").read_text(encoding="utf-8"))["defaults"]
NAMED = [name for entry in DEFAULTS if isinstance(entry, dict) for name in entry]
GROUPS = [*(name for name in NAMED if " " not in name), "prompts/shots", "prompts/schemas"]
OTHERS = ("finetune", "benchmark", "grading", "form")  # groups of other verbs than run
OPTIONS = [(group, path.stem) for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
LIGHT = "prompts=alpaca"  # the quickest to compose, where prompts do not matter
SECRET = "planted-secret-5c1f0e9a"
DATABASE = "postgresql+psycopg://me@db.example/completions"


def compose(*overrides: str, verb: str = "run") -> DictConfig:
    """Hydra composes groups, + and ~, once for all tests; plain values are set on a copy, which is much faster."""
    from omegaconf import OmegaConf

    by_hydra = tuple(
        override for override in overrides if override.partition("=")[0] in (*GROUPS, *OTHERS) or override[0] in "+~"
    )
    cfg = copy.deepcopy(composed_by_hydra(by_hydra, verb))
    for override in overrides:
        if override not in by_hydra:
            key, _, value = override.partition("=")
            OmegaConf.update(cfg, key, yaml.safe_load(value))
    return cfg


@cache
def composed_by_hydra(overrides: tuple[str, ...], verb: str) -> DictConfig:
    from hydra import compose, initialize_config_dir

    register_resolvers()
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return compose(verb, list(overrides))


def load(*overrides: str) -> configs.RunConfig:
    return configs.load(compose(*overrides)).values


@cache
def shipped() -> configs.RunConfig:
    """The config of a bare `selfinstruct run`."""
    return load()


def identity_of(config: configs.RunConfig) -> str:
    return naming.run_identity(config, configs.read_seeds(config.seeds))


def identity(*overrides: str) -> str:
    return identity_of(load(*overrides))
