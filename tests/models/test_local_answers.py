"""What a model in this process answers: cut, counted and too long as with providers, greedy as transformers itself."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from selfinstruct.models.local_generation import Asked, Written, room_for
from selfinstruct.models.local_weights import LoadedModel
from tests.models.local_requests import (
    answers_of,
    as_asked,
    ask,
    copy_of,
    different_requests,
    greedy,
    model_options,
    request,
    texts,
)

pytest.importorskip("torch", reason="a model in this process needs selfinstruct[local]")
pytest.importorskip("transformers", reason="a model in this process needs selfinstruct[local]")
pytestmark = pytest.mark.usefixtures("in_one_thread")


def test_the_models_own_generation_settings_are_put_aside(tiny: Path, tmp_path: Path) -> None:
    """Instruct models come with a temperature, penalties and limits; what counts is what the request asks for."""
    opinionated = tmp_path / "opinionated"
    copy_of(tiny, opinionated)
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
