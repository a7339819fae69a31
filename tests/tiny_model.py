"""A tiny causal model with random weights and a tokenizer trained on the shipped seeds, made in about two seconds.

    folder = make_tiny_model(tmp_path / "tiny")       # a folder that transformers loads; the same bytes every time

It has learned nothing, so it writes noise: what it is for is to have everything around a model run for real. The
context is 2,048 tokens, the vocabulary 512, and the chat template ends an assistant's turn with the end of text.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selfinstruct.models.limits import LimitOptions
from tests.conftest import ROOT

END_OF_TEXT = "<|endoftext|>"
PAD = "<|pad|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|{{ message.role }}|>{{ message.content }}{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
VOCABULARY = 512
CONTEXT = 2048
LOCAL_OPTIONS: dict[str, Any] = {
    "library": "transformers",
    "device": "cpu",
    "dtype": "auto",
    "batch_size": None,
    "attention": "auto",
    "random_seed": 0,
    "template_options": {},
}
LIMITS = LimitOptions(
    max_concurrency=16,
    max_requests=None,
    max_tokens=None,
    max_cost_usd=None,
    sweep_max_cost_usd=None,
    requests_per_minute=None,
    tokens_per_minute=None,
    max_attempts=8,
    timeout_s=120,
    patience_s=900,
)


def make_tiny_model(folder: Path, seed: int = 0, has_chat_template: bool = True, context: int = CONTEXT) -> Path:
    """Save model and tokenizer into `folder` and return it; another seed gives other weights."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = make_tokenizer(has_chat_template)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        initializer_range=0.2,  # far enough apart that a greedy choice is a choice
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within this block PyTorch computes in one thread: for a model this small, two take longer than one."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make_tokenizer(has_chat_template: bool = True) -> Any:
    """Return a byte-level BPE tokenizer trained on the texts of the shipped seed tasks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT, PAD, *ROLES],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_seed_texts(), trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TEXT, pad_token=PAD)
    wrapped.model_max_length = CONTEXT
    if has_chat_template:
        wrapped.chat_template = CHAT_TEMPLATE
    return wrapped


def _seed_texts() -> list[str]:
    texts: list[str] = []
    for line in (ROOT / "conf" / "seeds" / "general.jsonl").read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        texts.append(task["instruction"])
        texts += [text for pair in task["instances"] for text in (pair["input"], pair["output"])]
    return texts
