"""A model in this process: the same answers whatever the batch, cut and counted as providers do, within the limits."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError, Interrupted, LimitReached, ProviderError
from selfinstruct.models.budget import Budget
from selfinstruct.models.gateway import ModelOptions, check_options
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.local import LocalModel, build
from selfinstruct.models.local_generation import Asked, Written, answer_together, room_for
from selfinstruct.models.local_options import read_options
from selfinstruct.models.local_prompts import PLAIN_STOP, prompt_ids, stops_of
from selfinstruct.models.local_weights import LoadedModel, load_model
from selfinstruct.records import Completion, Message, Request
from tests.conftest import ROOT, Command
from tests.tiny_model import LIMITS, LOCAL_OPTIONS, make_tiny_model, one_thread

pytest.importorskip("torch", reason="a model in this process needs selfinstruct[local]")
pytest.importorskip("transformers", reason="a model in this process needs selfinstruct[local]")


@pytest.fixture(scope="module", autouse=True)
def in_one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def loaded(tiny: Path) -> LoadedModel:
    return load_model(str(tiny), "", None, read_options(LOCAL_OPTIONS))


def model_options(name: object, mode: str = "chat", **options: Any) -> ModelOptions:
    return ModelOptions(str(name), mode, None, None, "", 0, 0, {**LOCAL_OPTIONS, **options})  # type: ignore[arg-type]


def request(content: str = "Name the capital of Peru.", **asked: Any) -> Request:
    defaults: dict[str, Any] = {"stage": "input_first", "messages": (Message("user", content),), "text": ""}
    defaults |= {"max_tokens": 24, "temperature": 0.8, "top_p": 0.9, "frequency_penalty": 0.0}
    return Request(**{**defaults, "presence_penalty": 1.5, "stop": (), **asked})


def different_requests(number: int) -> list[Request]:
    """Prompts of many lengths, sampled and greedy, with and without penalties."""
    return [
        request("tell me why " * (1 + 3 * (i % 7)) + str(i), temperature=0.7 * (i % 3), presence_penalty=1.0 * (i % 2))
        for i in range(number)
    ]


def ask(options: ModelOptions, requests: Sequence[Request], limits: LimitOptions = LIMITS) -> list[Completion]:
    """Ask all requests at once and return the completions, in their order."""

    async def answers() -> list[Completion]:
        model = build(options, limits, Budget(limits))
        try:
            return await asyncio.gather(*(model.complete(one) for one in requests))
        finally:
            model.stop()
            await model.close()

    return asyncio.run(answers())


def texts(completions: Sequence[Completion]) -> list[str]:
    return [completion.text for completion in completions]


def answers_of(loaded: LoadedModel, asked: Sequence[Asked], random_seed: int = 0) -> list[Written]:
    found: dict[int, Written] = {}
    answer_together(loaded, asked, random_seed, found.__setitem__, lambda: False)
    return [found[place] for place in range(len(asked))]


def as_asked(loaded: LoadedModel, one: Request, mode: str = "chat") -> Asked:
    return Asked(one, tuple(prompt_ids(loaded.tokenizer, one, mode, {})), stops_of(loaded.tokenizer, one, mode))


def greedy(content: str, **asked: Any) -> Request:
    return request(content, temperature=0.0, presence_penalty=0.0, **asked)


def test_in_float32_an_answer_is_the_same_alone_and_in_every_batch(tiny: Path) -> None:
    asked = different_requests(16)
    alone = ask(model_options(tiny, batch_size=1), asked)
    assert texts(ask(model_options(tiny), asked)) == texts(alone)
    backwards = ask(model_options(tiny, batch_size=16), asked[::-1])
    assert texts(backwards)[::-1] == texts(alone)
    assert len(set(texts(alone))) == 16


def test_below_float32_requests_are_answered_one_at_a_time_unless_a_number_is_declared(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured: in bfloat16 a batch of 8 moves the scores by up to 0.05, and 23 of 32 answers then differ."""
    sizes: list[int] = []

    def counted(loaded: LoadedModel, batch: Sequence[Asked], *others: Any) -> None:
        sizes.append(len(batch))
        answer_together(loaded, batch, *others)

    monkeypatch.setattr("selfinstruct.models.local.answer_together", counted)
    asked = different_requests(9)
    first = texts(ask(model_options(tiny, dtype="bfloat16"), asked))
    assert sizes == [1] * 9
    assert texts(ask(model_options(tiny, dtype="bfloat16"), asked[::-1]))[::-1] == first
    sizes.clear()
    assert texts(ask(model_options(tiny), asked)) != first
    ask(model_options(tiny, dtype="bfloat16", batch_size=5), asked)
    assert sizes == [8, 1, 5, 4]


def test_the_models_own_generation_settings_are_put_aside(tiny: Path, tmp_path: Path) -> None:
    """Instruct models come with a temperature, penalties and limits; what counts is what the request asks for."""
    opinionated = tmp_path / "opinionated"
    tiny_copy(tiny, opinionated)
    own = {"repetition_penalty": 5.0, "do_sample": True, "temperature": 0.1, "top_k": 1, "min_new_tokens": 3}
    (opinionated / "generation_config.json").write_text(json.dumps({**own, "max_length": 20, "eos_token_id": 0}))
    asked = different_requests(4)
    assert texts(ask(model_options(opinionated), asked)) == texts(ask(model_options(tiny), asked))


def test_the_greedy_answer_is_what_transformers_itself_generates(loaded: LoadedModel) -> None:
    """Left padding, mask and positions: eight prompts of many lengths together, against each alone in the library."""
    import torch
    from transformers import GenerationConfig

    asked = [as_asked(loaded, greedy("why " * (1 + 5 * i) + "?")) for i in range(8)]
    for one, written in zip(asked, answers_of(loaded, asked), strict=True):
        prompt = torch.tensor([one.prompt])
        settings = GenerationConfig(max_new_tokens=24, do_sample=False, pad_token_id=loaded.pad, eos_token_id=0)
        expected = loaded.model.generate(prompt, attention_mask=torch.ones_like(prompt), generation_config=settings)
        assert written.text == loaded.tokenizer.decode(expected[0, prompt.shape[1] :], skip_special_tokens=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["GPT2", "Mistral", "Mamba"])
def test_other_kinds_of_models_too_answer_the_same_alone_and_together(loaded: LoadedModel, kind: str) -> None:
    """Learned positions, a sliding window shorter than the prompts, and a state in the place of attention."""
    import torch
    import transformers

    config = getattr(transformers, f"{kind}Config")(vocab_size=512, hidden_size=32, num_hidden_layers=2)
    config.update({"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64, "sliding_window": 8})
    config.update({"initializer_range": 0.2, "head_dim": 8, "n_embd": 32, "n_layer": 2, "n_head": 4})
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    other = dataclasses.replace(loaded, model=model)
    asked = [as_asked(other, one) for one in different_requests(5)]
    alone = [answers_of(other, [one])[0] for one in asked]
    assert answers_of(other, asked) == alone
    assert len({written.text for written in alone}) > 3


def test_repeat_and_random_seed_give_other_answers_and_the_same_ones_give_the_same(tiny: Path) -> None:
    asked = [request(), request(repeat=1)]
    first = texts(ask(model_options(tiny), asked))
    assert first[0] != first[1]
    assert texts(ask(model_options(tiny), asked)) == first
    assert texts(ask(model_options(tiny, random_seed=1), asked))[0] not in first


def test_a_stop_sequence_is_cut_off_with_everything_after_it(loaded: LoadedModel) -> None:
    whole = answers_of(loaded, [as_asked(loaded, greedy("Count."))])[0]
    assert (whole.finish_reason, whole.completion_tokens) == ("length", 24)
    stop = whole.text[10:13]
    cut = answers_of(loaded, [as_asked(loaded, greedy("Count.", stop=("never there", stop)))])[0]
    assert cut.finish_reason == "stop"
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.completion_tokens < 24


def test_an_end_of_text_token_ends_the_answer_and_is_counted_but_not_written(loaded: LoadedModel) -> None:
    import torch

    asked = as_asked(loaded, greedy("Count."))
    first = int(loaded.model(torch.tensor([asked.prompt])).logits[0, -1].argmax())
    written = answers_of(dataclasses.replace(loaded, ends=frozenset({first})), [asked])[0]
    assert written == Written("", "stop", len(asked.prompt), 1)
    assert answers_of(loaded, [asked])[0].text.startswith(loaded.tokenizer.decode([first]))


def test_a_prompt_that_leaves_no_room_for_the_answer_is_a_context_overflow(loaded: LoadedModel) -> None:
    """The context has 2,048 tokens. Asked for 24, a prompt may have 2,024; asked for 1,500, half of it, 1,024."""
    short = Asked(request(max_tokens=24), (5,) * 2024, ())
    assert room_for(short, 2048) == 24
    assert room_for(dataclasses.replace(short, prompt=(5,) * 2025), 2048) == 0
    long = Asked(request(max_tokens=1500), (5,) * 1024, ())
    assert room_for(long, 2048) == 1024
    assert room_for(dataclasses.replace(long, prompt=(5,) * 1025), 2048) == 0
    assert room_for(long, None) == 1500
    over = as_asked(loaded, request("why " * 3000))
    fine = as_asked(loaded, request())
    answered = answers_of(loaded, [over, fine])
    assert answered[0] == Written("", "context_overflow", 0, 0)
    assert answered[1] == answers_of(loaded, [fine])[0]


def test_completions_are_counted_and_cost_what_is_declared(tiny: Path, loaded: LoadedModel) -> None:
    priced = dataclasses.replace(model_options(tiny), input_cost_per_token=1e-6, output_cost_per_token=2e-6)
    completion = ask(priced, [greedy("Count.")])[0]
    prompt = loaded.tokenizer("<|user|>Count.<|assistant|>", add_special_tokens=False).input_ids
    assert completion.prompt_tokens == len(prompt)
    assert completion.completion_tokens == 24
    assert completion.cost_usd == pytest.approx(len(prompt) * 1e-6 + 24 * 2e-6)
    assert completion.model == "tiny"
    assert ask(model_options(tiny), [greedy("Count.")])[0].cost_usd == 0.0


def test_chat_goes_through_the_models_template_and_completion_mode_does_not(loaded: LoadedModel) -> None:
    chat = request(messages=(Message("system", "Be brief."), Message("user", "Why?")))
    text = loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, chat, "chat", {}))
    assert text == "<|system|>Be brief.<|user|>Why?<|assistant|>"
    plain = request(messages=(), text="Why?\nOutput:")
    assert loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, plain, "completion", {})) == "Why?\nOutput:"
    assert loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, plain, "chat", {})) == (
        "<|user|>Why?\nOutput:<|assistant|>"
    )


def test_a_model_without_a_chat_template_is_asked_in_the_plain_layout(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "base", has_chat_template=False)
    loaded = load_model(str(folder), "", None, read_options(LOCAL_OPTIONS))
    chat = request(messages=(Message("system", "Be brief."), Message("user", "Why?")), stop=("###",))
    text = loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, chat, "chat", {}))
    assert text == "Be brief.\n\nUser: Why?\n\nAssistant:"
    assert stops_of(loaded.tokenizer, chat, "chat") == ("###", PLAIN_STOP)
    assert stops_of(loaded.tokenizer, chat, "completion") == ("###",)


def test_a_template_that_takes_no_system_message_gets_it_with_the_users(loaded: LoadedModel) -> None:
    import copy

    strict = copy.copy(loaded.tokenizer)
    strict.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "[{{ m.content }}]{% endfor %}"
    )
    chat = request(messages=(Message("system", "Be brief."), Message("user", "Why?")))
    assert strict.decode(prompt_ids(strict, chat, "chat", {})) == "[Be brief.\n\nWhy?]"
    strict.chat_template = "{{ raise_exception('never') }}"
    with pytest.raises(ProviderError, match=r"the chat template of this model refuses the messages \(never\)"):
        prompt_ids(strict, chat, "chat", {})


def test_a_cap_on_requests_is_kept(tiny: Path) -> None:
    with pytest.raises(LimitReached, match=r"limits\.max_requests=2 reached"):
        ask(model_options(tiny), different_requests(3), dataclasses.replace(LIMITS, max_requests=2))


def test_stopping_gives_up_what_is_being_written(tiny: Path) -> None:
    async def stop_early() -> tuple[float, BaseException | None]:
        model: LocalModel = build(model_options(tiny), LIMITS, Budget(LIMITS))
        await model.complete(request(max_tokens=1))
        task = asyncio.create_task(model.complete(request(max_tokens=1900)))
        await asyncio.sleep(0.2)
        began = asyncio.get_running_loop().time()
        model.stop()
        await model.close()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(Interrupted):
            await model.complete(request())
        return asyncio.get_running_loop().time() - began, error if isinstance(error, BaseException) else None

    took_s, error = asyncio.run(stop_early())
    assert isinstance(error, Interrupted)
    assert took_s < 1


class Cramped:
    """A model on a device whose memory holds two prompts at most."""

    def __init__(self, model: Any, most: int) -> None:
        self._model = model
        self._most = most
        self.sizes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, tokens: Any, **settings: Any) -> Any:
        self.sizes.append(len(tokens))
        if len(tokens) > self._most:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate ...")
        return self._model.generate(tokens, **settings)


def test_what_does_not_fit_into_memory_is_answered_in_halves(loaded: LoadedModel) -> None:
    asked = [as_asked(loaded, one) for one in different_requests(6)]
    cramped = Cramped(loaded.model, 2)
    assert answers_of(dataclasses.replace(loaded, model=cramped), asked) == answers_of(loaded, asked)
    assert cramped.sizes == [6, 3, 1, 1, 1, 3, 1, 1, 1]
    with pytest.raises(ProviderError, match="does not suffice for a prompt of"):
        answers_of(dataclasses.replace(loaded, model=Cramped(loaded.model, 0)), asked)


def test_a_model_that_computes_no_numbers_is_told(loaded: LoadedModel) -> None:
    import copy

    import torch

    broken = copy.deepcopy(loaded.model)
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(ProviderError, match=r"computes no numbers \(NaN\)"):
        answers_of(dataclasses.replace(loaded, model=broken), [as_asked(loaded, request())])


@pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed:FutureWarning")
def test_an_adapter_folder_answers_as_its_merged_model(tiny: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tiny)
    torch.manual_seed(0)
    settings = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    adapted = get_peft_model(base, settings)
    adapted.save_pretrained(tmp_path / "adapter")
    merged = adapted.merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (tmp_path / "merged" / file).write_bytes((tiny / file).read_bytes())
    asked = [greedy("Count."), greedy("Name the capital of Peru.")]
    answers = texts(ask(model_options(tmp_path / "adapter"), asked))
    assert answers == texts(ask(model_options(tmp_path / "merged"), asked))
    assert answers != texts(ask(model_options(tiny), asked))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"device": "gpu"}, "model.options.device=gpu: give auto, cpu, cuda"),
        ({"dtype": "int4"}, "model.options.dtype=int4: give auto, float32, bfloat16, float16"),
        ({"batch_size": 0}, "model.options.batch_size=0: give a whole number from 1"),
        ({"attention": "fast"}, "model.options.attention=fast: give auto, sdpa"),
        ({"random_seed": "x"}, "model.options.random_seed=x: give a whole number"),
        ({"template_options": 3}, "model.options.template_options=3: give a mapping"),
        ({"top_k": 3}, "model.options.top_k: unknown key"),
    ],
)
def test_bad_options_are_named(tiny: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        check_options(model_options(tiny, **changed))
    assert message in str(error.value)


def test_a_device_that_is_not_there_is_told(tiny: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(InputError, match="device=cuda: PyTorch finds no such device here; it finds cpu"):
        ask(model_options(tiny, device="cuda"), [request()])


def test_a_folder_that_cannot_be_loaded_is_one_error_for_everybody_who_waits(tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in tiny.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be loaded as a causal language model"):
        ask(model_options(broken), different_requests(3))


def test_a_hub_name_that_cannot_be_reached_is_one_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    check_options(model_options("some-owner/some-model"))
    with pytest.raises(ProviderError, match=r"no such folder is here, and the hub cannot be reached"):
        ask(model_options("some-owner/some-model"), [request()])


def test_a_request_with_a_schema_is_refused(tiny: Path) -> None:
    with pytest.raises(ProviderError, match=r"set prompts\.structured=off"):
        ask(model_options(tiny), [request(schema='{"type": "object"}')])


def test_without_torch_the_message_names_what_to_install(tiny: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from selfinstruct.errors import InputError\n"
        "from selfinstruct.models.local_weights import load_model\n"
        "from selfinstruct.models.local_options import read_options\n"
        f"try: load_model({str(tiny)!r}, '', None, read_options({LOCAL_OPTIONS!r}))\n"
        "except InputError as error: print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "torch is not installed" in printed.stdout
    assert "pip install 'selfinstruct[local]'" in printed.stdout


SMALL = ("generation.target=4", "generation.max_dry_requests=3", "prompts.instructions.max_tokens=40", "tracking=off")


def test_a_run_with_a_model_that_writes_noise_ends_well_and_is_repeated_from_the_store(
    selfinstruct: Command, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("run", "model=transformers", f"model.name={tiny}", *SMALL)
    first = selfinstruct(*arguments, "run_dir=first")
    assert first.code == 0, first.err
    ended = json.loads((tmp_path / "first" / "manifest.json").read_text())
    assert ended["status"] == "dried_up"
    assert ended["cost_usd"] == 0.0
    assert ended["structured"] == "off"
    monkeypatch.setattr("selfinstruct.models.local.load_model", _must_not_load)
    elsewhere = tmp_path / "elsewhere"
    tiny_copy(tiny, elsewhere)
    second = selfinstruct("run", "model=transformers", "model.name=elsewhere", *SMALL, "run_dir=second")
    assert second.code == 0, second.err
    again = json.loads((tmp_path / "second" / "manifest.json").read_text())
    assert (again["sent"], again["from_store"]) == (0, ended["sent"])
    assert again["identity"] == ended["identity"]


def test_a_missing_folder_is_one_error_and_nothing_is_written(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "model=transformers", "model.name=./tuned/model", *SMALL)
    assert ended.code == 2
    assert "model.name=./tuned/model: there is no such folder" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_dry_run_says_what_would_be_asked(selfinstruct: Command, tiny: Path, tmp_path: Path) -> None:
    ended = selfinstruct("run", "model=transformers", f"model.name={tiny}", *SMALL, "dry_run=true")
    assert ended.code == 0, ended.err
    assert "$0.00" in ended.out
    assert not list(tmp_path.iterdir())


def tiny_copy(folder: Path, target: Path) -> None:
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


def _must_not_load(*_: Any) -> Callable[..., Any]:
    raise AssertionError("the answers are stored, so nothing need be loaded")
