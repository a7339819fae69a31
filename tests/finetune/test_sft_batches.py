"""What the model sees in training, batch by batch: the loss is on the outputs and their ends, padded, packed or cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.finetune.data import CHAT, TEXT
from selfinstruct.finetune.sft_examples import NO_LOSS, Encoded, encode, ready_tokenizer
from selfinstruct.finetune.sft_training import Training, make_trainer
from selfinstruct.finetune.sft_watcher import make_watcher
from selfinstruct.models.local_weights import read_whole
from tests.finetune.sft_data import losses, need_training_libraries, training_data, trl_options, tune

need_training_libraries()
pytestmark = [pytest.mark.usefixtures("in_one_thread"), pytest.mark.filterwarnings("ignore::FutureWarning")]

Example = tuple[list[int], list[int]]
"""Tokens and labels."""


def seen(tiny: Path, folder: Path, form: str = TEXT, pads_with_end: bool = False, **changed: Any) -> Any:
    """Return the rows that are trained on, and the batches that the trainer makes of them."""
    model, tokenizer = read_whole(tiny, "auto", "auto", None)
    ready_tokenizer(tokenizer, form)
    if pads_with_end:
        tokenizer.pad_token = tokenizer.eos_token
    options = trl_options(**changed)
    encoded = encode(training_data(form).train, form, tokenizer, options.max_length, options.too_long)
    training = Training(model, tokenizer, encoded, Encoded((), 0, 0, 0), "cpu", folder, 42)
    trainer = make_trainer(training, options, make_watcher(lambda step, values: None))
    return (
        tokenizer,
        [(list(row.tokens), list(row.labels)) for row in encoded.rows],
        list(trainer.get_train_dataloader()),
    )


def unpadded(batch: Any) -> list[Example]:
    """Return tokens and labels where the attention mask is 1; elsewhere nothing may be learned."""
    found = []
    for tokens, labels, mask in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
        length = int(mask.sum())
        assert mask[:length].all() and (labels[length:] == NO_LOSS).all()
        found.append((tokens[:length].tolist(), labels[:length].tolist()))
    return found


@pytest.mark.parametrize(
    ("form", "changed"),
    [(TEXT, {}), (CHAT, {}), (TEXT, {"pads_with_end": True}), (TEXT, {"too_long": "cut", "max_length": 60})],
    ids=["text", "chat", "padded with the end of text", "cut"],
)
def test_every_batch_holds_whole_rows_with_the_loss_on_the_output_only(
    tiny: Path, tmp_path: Path, form: str, changed: dict[str, Any]
) -> None:
    tokenizer, rows, batches = seen(tiny, tmp_path, form, **changed)
    found = [row for batch in batches for row in unpadded(batch)]
    assert sorted(found) == sorted(rows) and len(batches) == -(-len(rows) // 4)
    for tokens, labels in found:
        asked = labels.index(next(label for label in labels if label != NO_LOSS))
        assert asked > 0 and labels == [NO_LOSS] * asked + tokens[asked:]
        assert "too_long" in changed or labels[-1] == tokenizer.eos_token_id


def test_packed_rows_hold_every_example_once_and_whole_and_learn_the_same_tokens(tiny: Path, tmp_path: Path) -> None:
    """Positions begin anew at each example, by which flash attention keeps them apart."""
    _, rows, batches = seen(tiny, tmp_path, packing=True, batch_size=1)
    found: list[Example] = []
    for batch in batches:
        tokens, labels, places = (batch[name][0].tolist() for name in ("input_ids", "labels", "position_ids"))
        assert len(tokens) <= 256 and "attention_mask" not in batch
        starts = [place for place, position in enumerate(places) if position == 0]
        ends = [*starts[1:], len(tokens)]
        found += [(tokens[start:end], labels[start:end]) for start, end in zip(starts, ends, strict=True)]
        assert batch["cu_seq_lens_q"].tolist() == [*starts, len(tokens)]
    assert sorted(found) == sorted(rows)
    assert len(batches) < len(rows)


def test_the_first_loss_is_the_mean_cross_entropy_of_the_output_tokens(tiny: Path, tmp_path: Path) -> None:
    """All 18 examples in one batch, each computed alone here: the sum over the output tokens by their number."""
    import torch

    _, steps = tune(tiny, tmp_path / "tuned", epochs=1, batch_size=18)
    model, _ = read_whole(tiny, "auto", "auto", None)
    _, rows, _ = seen(tiny, tmp_path / "seen")
    total, number = 0.0, 0
    with torch.no_grad():
        for tokens, labels in rows:
            scores = model(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
            places = [place for place, label in enumerate(labels) if label != NO_LOSS]
            total -= sum(float(scores[place - 1, tokens[place]]) for place in places)
            number += len(places)
    assert losses(steps)[0] == pytest.approx(total / number, rel=1e-5)
