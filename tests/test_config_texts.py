"""Configs as texts: secrets are refused, passwords left out, references kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from selfinstruct import config as configs
from selfinstruct import naming
from selfinstruct.config_texts import as_yaml, refuse_secrets, without_passwords
from selfinstruct.errors import InputError
from selfinstruct.secrecy import secret_values
from tests.configs import (
    LIGHT,
    SECRET,
    compose,
    load,
)

# Secrets


@pytest.mark.parametrize(
    "plain", [{"a": {"b": SECRET}}, {"a": ["x", {"b": SECRET}]}, {"a": f"https://me:{SECRET}@host"}]
)
def test_a_secret_in_any_leaf_is_refused_without_repeating_it(
    plain: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_secrets(plain)
    monkeypatch.setenv("MY_API_KEY", SECRET)
    with pytest.raises(InputError, match=r"^a(\.b|\[1\]\.b)?: holds the value of MY_API_KEY; ") as refused:
        refuse_secrets(plain)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "is_secret"),
    [
        ("MY_API_KEY", True),
        ("HF_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("db_password", True),
        ("KEYBOARD_LAYOUT", False),
        ("HOME_FOLDER", False),
    ],
)
def test_the_name_of_a_variable_says_whether_it_is_secret(
    variable: str, is_secret: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, SECRET)
    assert (variable in secret_values()) is is_secret


def test_a_value_is_a_secret_from_twelve_characters_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "x" * 11)
    assert "MY_API_KEY" not in secret_values()
    monkeypatch.setenv("MY_API_KEY", "x" * 12)
    assert secret_values()["MY_API_KEY"] == "x" * 12


@pytest.mark.parametrize(
    ("key", "remedy"),
    [("model.revision", "model.api_key_env=MY_API_KEY"), ("store.url", "PGPASSWORD"), ("name", "leave it")],
)
def test_a_reference_to_a_secret_variable_is_refused_with_a_remedy(
    key: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", SECRET)
    with pytest.raises(InputError, match=rf"^{re.escape(key)}: holds the value of MY_API_KEY; .*{remedy}"):
        load(LIGHT, f"{key}='${{oc.env:MY_API_KEY}}'")


URLS = [
    ("postgresql://me:pw-1@host/db", "postgresql://me:***@host/db"),
    ("postgresql://:pw-1@host/db", "postgresql://:***@host/db"),
    ("postgresql://me:pw-1@pw-1@host/db", "postgresql://me:***@host/db"),
    ("postgresql://me:pw-1/pw-1@host/db", "postgresql://me:***@host/db"),
    ("postgresql://me:pw-1'x@host/db", "postgresql://me:***@host/db"),
    ("postgresql://host/db?user=me&password=pw-1&x=1", "postgresql://host/db?user=me&password=***&x=1"),
    ("https://host/v1?api_key=pw-1", "https://host/v1?api_key=***"),
    ("postgresql://me@host/db", "postgresql://me@host/db"),
    ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
    ("sqlite:///runs/completions.db", "sqlite:///runs/completions.db"),
]


@pytest.mark.parametrize(("url", "shown"), URLS)
def test_the_password_of_a_url_is_left_out_and_nothing_else(url: str, shown: str) -> None:
    assert without_passwords(url) == shown
    cfg = compose(LIGHT)
    cfg.store.url = url
    if url.startswith("http"):
        cfg.model.api_base = url
    text = as_yaml(cfg)
    assert "pw-1" not in text
    assert yaml.safe_load(text)["store"]["url"] == shown
    params = naming.flat_params(configs.load(cfg).values)
    assert "pw-1" not in str(params)
    assert params["model.api_base"] == (shown if url.startswith("http") else None)


def test_references_stay_unresolved_in_the_yaml_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY_OF_TODAY", "monday")
    composed = configs.load(compose("study='${oc.env:STUDY_OF_TODAY}'"))
    assert composed.values.study == "monday"
    assert "study: ${oc.env:STUDY_OF_TODAY}" in composed.yaml
    assert "monday" not in composed.yaml


@pytest.mark.parametrize("overrides", [(), ("prompts=paper", "filters=bdd"), ("prompts=alpaca", "generation=alpaca")])
def test_the_yaml_of_a_run_loads_to_the_same_config(overrides: tuple[str, ...]) -> None:
    from omegaconf import DictConfig, OmegaConf

    composed = configs.load(compose(*overrides))
    again = OmegaConf.create(composed.yaml)
    assert isinstance(again, DictConfig)
    assert configs.load(again).values == composed.values
