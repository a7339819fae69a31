"""Config: every shipped YAML loads, bad values are named, secrets are refused, and what makes two runs the same."""

from __future__ import annotations

import copy
import json
import random
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pytest
import yaml
from annotated_types import Ge, Gt, Le

from selfinstruct import config as configs
from selfinstruct.cli import VERBS
from selfinstruct.errors import InputError
from selfinstruct.models.budget import Budget
from selfinstruct.seeds import load_seeds
from tests.conftest import ROOT

if TYPE_CHECKING:
    from omegaconf import DictConfig

CONF = ROOT / "conf"
DEFAULTS = yaml.safe_load((CONF / "run.yaml").read_text(encoding="utf-8"))["defaults"]
NAMED = [name for entry in DEFAULTS if isinstance(entry, dict) for name in entry]
GROUPS = [*(name for name in NAMED if " " not in name), "experiments", "prompts/shots", "prompts/schemas"]
OPTIONS = [(group, path.stem) for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
LIGHT = "prompts=alpaca"  # the quickest to compose, where prompts do not matter
SECRET = "planted-secret-5c1f0e9a"
DATABASE = "postgresql+psycopg://me@db.example/completions"


def compose(*overrides: str, verb: str = "run") -> DictConfig:
    """Hydra composes groups, + and ~, once for all tests; plain values are set on a copy, which is much faster."""
    from omegaconf import OmegaConf

    by_hydra = tuple(override for override in overrides if override.partition("=")[0] in GROUPS or override[0] in "+~")
    cfg = copy.deepcopy(composed_by_hydra(by_hydra, verb))
    for override in overrides:
        if override not in by_hydra:
            key, _, value = override.partition("=")
            OmegaConf.update(cfg, key, yaml.safe_load(value))
    return cfg


@cache
def composed_by_hydra(overrides: tuple[str, ...], verb: str) -> DictConfig:
    from hydra import compose, initialize_config_dir

    configs.register_resolvers()
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return compose(verb, list(overrides))


def load(*overrides: str) -> configs.RunConfig:
    return configs.load(compose(*overrides)).values


@cache
def shipped() -> configs.RunConfig:
    """The config of a bare `selfinstruct run`."""
    return load()


def identity_of(config: configs.RunConfig) -> str:
    return configs.run_identity(config, configs.read_seeds(config.seeds))


def identity(*overrides: str) -> str:
    return identity_of(load(*overrides))


# Every shipped YAML


# What the user must or would give beside the option.
COMPANIONS = {
    "model=azure": ("model.name=azure/my-deployment", "model.api_base=https://me.example"),
    "model=base": ("model.name=openai/any",),
    "model=base_completions": ("model.name=hosted_vllm/any", "prompts=paper"),
    "model=openai_compatible": ("model.name=openai/any", "model.api_base=http://127.0.0.1:1/v1"),
    "model=vllm": ("model.name=hosted_vllm/any",),
    "seeds=file": ("seeds.path=my_seeds.jsonl",),
}


def whole(group: str, option: str) -> tuple[str, ...]:
    """Return the overrides that choose this option and give what it needs."""
    override = f"{group}={option}"
    companions = COMPANIONS.get(override, ())
    if group == "judge":
        given = COMPANIONS.get(f"model={option}", ())
        companions = tuple(companion.replace("model.", "judge.", 1) for companion in given)
    decides_prompts = group.startswith("prompts") or group == "experiments" or "prompts=paper" in companions
    return (override, *companions) if decides_prompts else (override, *companions, LIGHT)


# preset: (provider as LiteLLM calls it, the variable that holds the key)
PROVIDERS = {
    "anthropic": ("anthropic", "ANTHROPIC_API_KEY"),
    "azure": ("azure", "AZURE_API_KEY"),
    "base": ("openai", None),
    "base_completions": ("hosted_vllm", None),
    "bedrock": ("bedrock", None),
    "gemini": ("gemini", "GEMINI_API_KEY"),
    "groq": ("groq", "GROQ_API_KEY"),
    "huggingface": ("huggingface", "HF_TOKEN"),
    "mistral": ("mistral", "MISTRAL_API_KEY"),
    "offline": ("offline", None),
    "ollama": ("ollama_chat", None),
    "openai": ("openai", "OPENAI_API_KEY"),
    "openai_compatible": ("openai", None),
    "vllm": ("hosted_vllm", None),
}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for _, variable in PROVIDERS.values():
        if variable:
            monkeypatch.setenv(variable, "dummy")


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=lambda value: value)
@pytest.mark.usefixtures("keys")
def test_every_option_of_every_group_loads(group: str, option: str) -> None:
    config = load(*whole(group, option))
    if group == "experiments":
        assert config.study == option


def test_no_yaml_is_left_out_of_these_tests() -> None:
    found = {str(path.relative_to(CONF).with_suffix("")) for path in CONF.rglob("*.yaml")}
    found |= {f"experiments/{path.stem}" for path in (ROOT / "experiments").glob("*.yaml")}
    launchers = {f"hydra/launcher/{name}" for name in ("joblib", "ray", "submitit_local", "submitit_slurm")}
    assert found == {f"{group}/{option}" for group, option in OPTIONS} | set(VERBS) | launchers


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_primary_config_of_every_verb_resolves(verb: str) -> None:
    from omegaconf import OmegaConf

    missing = OmegaConf.missing_keys(compose(verb=verb))
    plain = configs.resolve(compose(*(f"{key}=given" for key in missing), verb=verb))
    assert all(plain[key] == "given" for key in missing)


@pytest.mark.parametrize("preset", sorted(PROVIDERS))
@pytest.mark.usefixtures("keys")
def test_every_model_preset_builds_and_reaches_the_right_provider(preset: str) -> None:
    provider, variable = PROVIDERS[preset]
    composed = configs.load(compose(*whole("model", preset)))
    model = composed.values.model
    assert model.name.startswith(f"{provider}/")
    assert model.api_key_env == variable
    assert configs.build_model(composed.model_target, model, composed.values.limits, Budget(composed.values.limits))
    import litellm

    name, found, _, _ = litellm.get_llm_provider(model.name, api_base=model.api_base)
    assert (f"{found}/{name}", found) == (model.name, provider)


def test_every_model_preset_is_in_the_table_above() -> None:
    assert set(PROVIDERS) == {option for group, option in OPTIONS if group == "model"}


@pytest.mark.parametrize("preset", [name for name, (_, variable) in PROVIDERS.items() if variable])
def test_a_preset_names_the_variable_that_it_misses(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = PROVIDERS[preset][1]
    monkeypatch.delenv(str(variable), raising=False)
    with pytest.raises(InputError, match=rf"^model\.api_key_env={variable}: this environment variable is not set"):
        load(*whole("model", preset))


def test_a_target_that_is_no_function_is_refused() -> None:
    limits = shipped().limits
    with pytest.raises(InputError, match=r"^model\._target_=selfinstruct\.nowhere: "):
        configs.build_model("selfinstruct.nowhere", shipped().model, limits, Budget(limits))


# Building typed values


@dataclass(frozen=True)
class Inner:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    threshold: Annotated[float, Ge(0), Le(1)] | None
    wait_s: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Outer:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    count: Annotated[int, Ge(1), Le(10)]
    name: str | None
    enabled: bool
    words: tuple[str, ...]
    mode: Literal["chat", "completion"]
    inner: Inner


GOOD: dict[str, Any] = {
    "count": 3,
    "name": None,
    "enabled": True,
    "words": ["a", "b"],
    "mode": "chat",
    "inner": {"threshold": 0.5, "wait_s": 1},
}


def test_plain_values_become_a_dataclass_and_lists_tuples() -> None:
    assert configs.build(Outer, GOOD) == Outer(3, None, True, ("a", "b"), "chat", Inner(0.5, 1.0))


def test_a_whole_number_is_kept_exactly_inside_its_range() -> None:
    for count in range(-50, 51):
        if 1 <= count <= 10:
            assert configs.build(Outer, GOOD | {"count": count}).count == count
        else:
            with pytest.raises(InputError, match=rf"^count={count}: input should be (greater|less) than or equal to"):
                configs.build(Outer, GOOD | {"count": count})


@pytest.mark.parametrize(
    ("threshold", "wait_s", "says"),
    [
        (0, 0.001, None),
        (1, 1, None),
        (None, 1, None),
        (-0.001, 1, "inner.threshold=-0.001: input should be greater than or equal to 0"),
        (1.001, 1, "inner.threshold=1.001: input should be less than or equal to 1"),
        (0.5, 0, "inner.wait_s=0: input should be greater than 0"),
        (0.5, None, "inner.wait_s=null: input should be a valid number"),
        (2, -1, "inner.threshold=2: input should be less than or equal to 1"),
        (2, -1, "; inner.wait_s=-1: input should be greater than 0"),
    ],
)
def test_ranges_hold_at_their_exact_boundaries(threshold: float | None, wait_s: float | None, says: str | None) -> None:
    plain = GOOD | {"inner": {"threshold": threshold, "wait_s": wait_s}}
    if says is None:
        configs.build(Outer, plain)
    else:
        with pytest.raises(InputError, match=re.escape(says)):
            configs.build(Outer, plain)


OF_ANOTHER_TYPE: list[tuple[str, Any]] = [
    *(("count", value) for value in (True, 3.5, 3.0, "3", None, [3], {"a": 1})),
    *(("name", value) for value in (5, True, ["a"])),
    *(("enabled", value) for value in (1, 0, "true", "yes", None)),
    *(("words", value) for value in ("a", None, {"a": 1})),
    *(("mode", value) for value in ("Chat", "", None, 1)),
    ("inner", "text"),
]


@pytest.mark.parametrize(("key", "value"), OF_ANOTHER_TYPE)
def test_nothing_is_converted_from_another_type(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{re.escape(f'{key}={json.dumps(value)}')}: input should be "):
        configs.build(Outer, GOOD | {key: value})


def test_a_fault_inside_a_list_names_its_place() -> None:
    with pytest.raises(InputError, match=r"^words\.1=7: input should be a valid string"):
        configs.build(Outer, GOOD | {"words": ["a", 7]})


@pytest.mark.parametrize("key", sorted(GOOD))
def test_a_missing_key_is_named(key: str) -> None:
    plain = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(InputError, match=rf"^{key}: no value; give one, for example {key}=\.\.\.$"):
        configs.build(Outer, plain)


def test_a_missing_key_of_a_section_is_named_whole() -> None:
    with pytest.raises(InputError, match=r"^inner\.wait_s: no value"):
        configs.build(Outer, GOOD | {"inner": {"threshold": 1}})
    with pytest.raises(InputError, match=r"^group\.wait_s: no value"):
        configs.build_section(Inner, {"threshold": 1}, "group")


def slips(key: str, chance: random.Random) -> set[str]:
    """A letter left out, doubled, or swapped with its neighbour, at a random place."""
    at = chance.randrange(len(key) - 1)
    dropped, doubled = key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:]
    return {dropped, doubled, key[:at] + key[at + 1] + key[at] + key[at + 2 :]} - {key}


def test_a_slip_of_the_keyboard_is_answered_with_the_key_that_was_meant() -> None:
    chance = random.Random(0)
    for key in sorted(GOOD) * 5:
        for slip in sorted(slips(key, chance)):
            with pytest.raises(InputError, match=rf'^{slip}: unknown key; did you mean "{key}"\?$'):
                configs.build(Outer, GOOD | {slip: 1})
    with pytest.raises(InputError, match=r'^inner\.wait: unknown key; did you mean "inner\.wait_s"\?$'):
        configs.build(Outer, GOOD | {"inner": {"threshold": 1, "wait_s": 1, "wait": 2}})


@pytest.mark.parametrize("key", ["zzz", "my-key", "int", "a.b", "Ünsinn", "list[int]"])
def test_a_key_like_no_other_is_to_be_removed(key: str) -> None:
    with pytest.raises(InputError, match=rf"^{re.escape(key)}: unknown key; remove it; see "):
        configs.build(Outer, GOOD | {key: 1})
    with pytest.raises(InputError, match=rf"^inner\.{re.escape(key)}: unknown key; remove it; see "):
        configs.build(Outer, GOOD | {"inner": {"threshold": 1, "wait_s": 1, key: 2}})


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("limits.max_cost_usd=.inf", "limits.max_cost_usd=inf: not a finite number"),
        ("filters.instruction.max_rouge_l=.nan", "filters.instruction.max_rouge_l=nan: not a finite number"),
        ("+model.options.rates.any=-inf", "model.options.rates.any=-inf: not a finite number"),
        ("prompts.instructions.stop=[a,.inf]", "prompts.instructions.stop[1]=inf: not a finite number"),
        ("+my-key=1", "my-key: unknown key"),
        ("+filters.instruction.max_word=1", 'did you mean "filters.instruction.max_words"?'),
        ("export.formats=[alpaca,csv]", 'export.formats.1="csv": input should be'),
        ("~generation.target", "generation.target: no value; give one"),
        ("generation.machine_examples=two", 'generation.machine_examples="two": input should be a valid integer'),
        ("~model", "model._target_: missing; choose a preset"),
        ("prompts.input_first=null", "prompts.input_first: no template, but prompts.form=instructions has this stage"),
        ("seeds=file", "seeds.path: no value; give one, for example seeds.path=my_seeds.jsonl"),
        ("limits.timeout_s=-1", "see conf/limits/ for its presets"),
    ],
)
def test_a_bad_override_names_key_value_and_remedy(override: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        load(override)


def test_equal_bounds_and_a_single_example_are_enough() -> None:
    assert load("filters.instruction.min_words=150").filters.instruction.max_words == 150
    assert load("generation.seed_examples=1", "generation.machine_examples=0").generation.seed_examples == 1
    with pytest.raises(InputError, match="a prompt needs at least one example"):
        load("generation.seed_examples=0", "generation.machine_examples=0")


def test_stages_may_lack_a_template_where_one_request_asks_for_everything() -> None:
    assert load("prompts=alpaca").prompts.input_first is None


# Secrets


@pytest.mark.parametrize(
    "plain", [{"a": {"b": SECRET}}, {"a": ["x", {"b": SECRET}]}, {"a": f"https://me:{SECRET}@host"}]
)
def test_a_secret_in_any_leaf_is_refused_without_repeating_it(
    plain: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    configs.refuse_secrets(plain)
    monkeypatch.setenv("MY_API_KEY", SECRET)
    with pytest.raises(InputError, match=r"^a(\.b|\[1\]\.b)?: holds the value of MY_API_KEY; ") as refused:
        configs.refuse_secrets(plain)
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
    assert (variable in configs.secret_values()) is is_secret


def test_a_value_is_a_secret_from_twelve_characters_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "x" * 11)
    assert "MY_API_KEY" not in configs.secret_values()
    monkeypatch.setenv("MY_API_KEY", "x" * 12)
    assert configs.secret_values()["MY_API_KEY"] == "x" * 12


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
    assert configs.without_passwords(url) == shown
    cfg = compose(LIGHT)
    cfg.store.url = cfg.model.api_base = url
    text = configs.as_yaml(cfg)
    assert "pw-1" not in text
    assert yaml.safe_load(text)["store"]["url"] == shown
    assert configs.flat_params(configs.load(cfg).values)["model.api_base"] == shown


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


# Identity


DETERMINING = [
    "model.name=offline/other",
    "model.revision='2'",
    "model.options.imitation=0.4",
    "model.options.rates.refusal=0.25",
    "prompts=bdd",
    "prompts/shots=bdd",
    "prompts.instructions.template='{% for example in examples %}{% endfor %} {{ next_number }}.'",
    "prompts.classification.system=Answer.",
    "prompts.input_first.temperature=0.5",
    "prompts.output_first.stop=[END]",
    "prompts.compatibility=published",
    "prompts.structured=always",
    "filters=alpaca",
    "filters.instruction.max_rouge_l=0.6",
    "filters.instruction.min_words=5",
    "filters.instance.duplicate=false",
    "generation.target=101",
    "generation.lookahead=31",
    "generation.seed_examples=5",
    "generation.max_instances=4",
    "random_seed=43",
    "store.sample=1",
    "seeds=bdd_high",
]
INCIDENTAL = [
    "limits.max_concurrency=1",
    "limits.max_cost_usd=5",
    "limits.timeout_s=1",
    "tracking=off",
    "tracking.experiment=other",
    "run_dir=elsewhere",
    "name=other",
    "study=other",
    f"store.url={DATABASE}",
    "model.api_base=http://127.0.0.1:1/v1",
    "model.api_key_env=PATH",
    "model.input_cost_per_token=0.5",
    "model.output_cost_per_token=null",
    "export=self_instruct",
    "export.shuffle=false",
    "seeds.name=other",
    "seeds.quality=other",
]


def test_whatever_determines_the_dataset_changes_the_identity() -> None:
    found = {override: identity(override) for override in DETERMINING} | {"": identity_of(shipped())}
    assert len(set(found.values())) == len(DETERMINING) + 1, found
    assert all(re.fullmatch(r"[0-9a-f]{12}", value) for value in found.values())


@pytest.mark.parametrize("override", INCIDENTAL)
def test_what_does_not_determine_the_dataset_leaves_the_identity_alone(override: str) -> None:
    config = load(LIGHT, override)
    assert config != load(LIGHT)
    assert identity_of(config) == identity(LIGHT)


def test_a_number_may_be_written_with_or_without_a_decimal_point() -> None:
    key = "prompts.instructions.temperature"
    assert identity(f"{key}=1") == identity(f"{key}=1.0") != identity_of(shipped())


def test_the_content_of_the_seeds_counts_and_not_where_they_are(tmp_path: Path) -> None:
    config = shipped()
    text = Path(config.seeds.path).read_text(encoding="utf-8")
    first = json.loads(text.splitlines()[0])["instruction"]
    (tmp_path / "copy.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "edited.jsonl").write_text(text.replace(first, f"{first} Please.", 1), encoding="utf-8")
    copy, edited = (load_seeds(tmp_path / name, "mine", "high") for name in ("copy.jsonl", "edited.jsonl"))
    assert configs.run_identity(config, copy) == identity_of(shipped())
    assert configs.run_identity(config, edited) != identity_of(shipped())


# Names and params


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("mine", "mine"),
        ("a b/c:d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        ("v1.2_x-y", "v1.2_x-y"),
        ("Zürich", "Z-rich"),
        ("日本", "run"),
        ("...", "run"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 100),
        ("x" * 99 + "--", "x" * 99),
    ],
)
def test_a_run_folder_is_named_safely(name: str, slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = replace(shipped(), name=name)
    assert configs.run_name(config) == slug
    assert configs.run_folder(config, "0123456789ab") == tmp_path / "runs" / f"{slug}-0123456789ab"


def test_a_run_without_a_name_is_called_after_seeds_and_model() -> None:
    config = load("model.name=offline/family/grammar:8b", "seeds=bdd_high")
    assert configs.run_name(config) == "bdd_high-grammar-8b"


def test_a_declared_run_folder_is_taken_from_here_or_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    config = shipped()
    assert configs.run_folder(replace(config, run_dir="a/b"), "id") == tmp_path / "a/b"
    assert configs.run_folder(replace(config, run_dir="~/b"), "id") == Path("/home/me/b")
    assert configs.run_folder(replace(config, run_dir="/b"), "id") == Path("/b")


@pytest.mark.parametrize("prompts", ["chat", "paper", "alpaca", "bdd"])
def test_params_are_scalars_without_template_texts(prompts: str) -> None:
    config = load(f"prompts={prompts}", "run_dir=x")
    params = configs.flat_params(config)
    assert all(value is None or type(value) in {str, int, float, bool} for value in params.values()), params
    assert json.loads(json.dumps(params, allow_nan=False)) == params
    shown = json.dumps(params)
    for stage in (config.prompts.instructions, config.prompts.input_first):
        assert stage is None or json.dumps(stage.template[:40])[1:-1] not in shown
    assert re.fullmatch(r"[0-9a-f]{12}", params["prompts.instructions.template"])
    assert max(len(str(value)) for value in params.values()) < 500


def test_params_say_what_was_declared() -> None:
    params = configs.flat_params(load("filters.instruction.blocked_words=[draw, 'go to']", "store.sample=3"))
    assert params["generation.target"] == 100
    assert params["filters.instruction.max_rouge_l"] == 0.7
    assert params["filters.instruction.blocked_words"] == '["draw", "go to"]'
    assert params["model.options.rates.refusal"] == 0.005
    assert params["store.sample"] == 3
    assert params["prompts.instructions.stop"] == "[]"


def test_params_tell_templates_and_examples_apart() -> None:
    def changed(*overrides: str) -> set[str]:
        before, after = configs.flat_params(shipped()), configs.flat_params(load(*overrides))
        return {key for key in before if before[key] != after[key]}

    assert changed("prompts/shots=bdd") == {"prompts.shots"}
    assert changed("prompts.classification.template=Really?") == {"prompts.classification.template"}
    assert changed("prompts.classification.system=Answer.") == {"prompts.classification.system"}
    assert changed("random_seed=7") == {"random_seed"}


def test_params_leave_out_where_things_are_kept() -> None:
    params = configs.flat_params(load(f"store.url={DATABASE}", "tracking.uri=http://tracker.example"))
    assert not [key for key in params if key.startswith(("store.url", "tracking"))]
    assert "example" not in json.dumps(params).replace("machine_examples", "").replace("seed_examples", "")
