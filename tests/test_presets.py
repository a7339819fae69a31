"""Every shipped YAML composes and loads, and every model preset reaches the provider that it is named after."""

from __future__ import annotations

import pytest

from selfinstruct import config as configs
from selfinstruct.cli import VERBS
from selfinstruct.config_texts import flat
from selfinstruct.errors import InputError
from selfinstruct.models.budget import Budget
from tests.configs import (
    CONF,
    LIGHT,
    OPTIONS,
    compose,
    load,
    shipped,
)
from tests.conftest import ROOT

# What the user must or would give beside the option.
COMPANIONS = {
    "model=azure": ("model.name=azure/my-deployment", "model.api_base=https://me.example"),
    "model=base": ("model.name=openai/any",),
    "model=base_completions": ("model.name=hosted_vllm/any", "prompts=paper"),
    "model=openai_compatible": ("model.name=openai/any", "model.api_base=http://127.0.0.1:1/v1"),
    "model=transformers": ("model.name=org/any",),
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


OF_OTHER_VERBS = {"finetune": "finetune", "benchmark": "evaluate", "grading": "evaluate", "form": "rate"}
OPTIONS_OF_OTHERS = [(group, path.stem) for group in OF_OTHER_VERBS for path in sorted((CONF / group).glob("*.yaml"))]
CHAINS = [
    path.stem for path in sorted((ROOT / "experiments").glob("*.yaml")) if "steps:" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize(("group", "option"), OPTIONS_OF_OTHERS, ids=lambda value: value)
def test_every_option_of_other_verbs_composes(group: str, option: str) -> None:
    from omegaconf import OmegaConf

    verb = OF_OTHER_VERBS[group]
    cfg = OmegaConf.create(OmegaConf.to_yaml(compose(f"{group}={option}", verb=verb)))
    for key in OmegaConf.missing_keys(cfg):
        OmegaConf.update(cfg, key, "given")
    assert configs.resolve(cfg)[group]  # type: ignore[arg-type]


@pytest.mark.parametrize("study", CHAINS)
def test_every_chain_of_steps_says_what_it_leaves_open(study: str) -> None:
    with pytest.raises(InputError, match=r"^settings\.base: no value.*settings\.tasks: no value"):
        configs.resolve(compose(f"experiments={study}", verb="study"))


@pytest.mark.parametrize(("group", "option"), [one for one in OPTIONS if one[1] not in CHAINS], ids=lambda value: value)
@pytest.mark.usefixtures("keys")
def test_every_option_of_every_group_loads(group: str, option: str) -> None:
    config = load(*whole(group, option))
    if group == "experiments":
        assert config.study == option


def test_no_yaml_is_left_out_of_these_tests() -> None:
    found = {str(path.relative_to(CONF).with_suffix("")) for path in CONF.rglob("*.yaml")}
    found |= {f"experiments/{path.stem}" for path in (ROOT / "experiments").glob("*.yaml")}
    launchers = {f"hydra/launcher/{name}" for name in ("joblib", "ray", "submitit_local", "submitit_slurm")}
    assert found == {f"{group}/{option}" for group, option in OPTIONS + OPTIONS_OF_OTHERS} | set(VERBS) | launchers


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_primary_config_of_every_verb_resolves(verb: str) -> None:
    from omegaconf import OmegaConf

    missing = OmegaConf.missing_keys(compose(verb=verb))
    plain = flat(configs.resolve(compose(*(f"{key}=given" for key in missing), verb=verb)))
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
    in_process = {"transformers"}  # it has no provider: tests/models/test_local.py
    assert set(PROVIDERS) | in_process == {option for group, option in OPTIONS if group == "model"}


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
