"""Many requests answered together by a model in memory; each answer comes as soon as it is complete.

    answer_together(loaded, [asked, ...], on_answer, is_stopped)      on_answer(0, Written(" Lima", "stop", 12, 2))

Prompts are padded at the left, with the padding masked and the positions counted without it. When the memory does not
suffice, those that have no answer yet are tried in two halves, down to one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from selfinstruct.errors import ProviderError
from selfinstruct.models.local_prompts import written
from selfinstruct.models.local_sampling import Sampler
from selfinstruct.models.local_weights import LoadedModel, not_enough_memory
from selfinstruct.records import CONTEXT_OVERFLOW, Request

_BYTES_PER_CHARACTER = 4
_SPARE = 8


@dataclass(frozen=True)
class Asked:
    """One request as the model sees it: its tokens, and what ends its answer."""

    request: Request
    prompt: tuple[int, ...]
    stops: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """One answer: its text without the stop sequence, why it ended, and the tokens that were read and written."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


OnAnswer = Callable[[int, Written], None]


def room_for(asked: Asked, context: int | None) -> int:
    """Return how many tokens the answer may have; 0: the prompt is too long.

    Prompt and answer have to fit as they are asked for, as with most providers; but where the answer alone may take
    more than half of the context, the prompt may have the other half, so that small models can be asked at all.
    """
    most = asked.request.max_tokens
    if context is None:
        return most
    left = context - len(asked.prompt)
    return min(most, left) if left >= min(most, context // 2) else 0


def answer_together(
    loaded: LoadedModel,
    batch: Sequence[Asked],
    random_seed: int,
    on_answer: OnAnswer,
    is_stopped: Callable[[], bool],
) -> None:
    """Answer the requests of a batch; `on_answer` gets the place of each and its answer. Ends early once stopped.

    Raises:
        ProviderError: the memory does not suffice for one request alone, or the numbers are no numbers.
    """
    places = []
    for place, asked in enumerate(batch):
        if room_for(asked, loaded.context):
            places.append(place)
        else:
            on_answer(place, Written("", CONTEXT_OVERFLOW, 0, 0))
    _answer_places(loaded, batch, places, random_seed, on_answer, is_stopped)


def _answer_places(
    loaded: LoadedModel,
    batch: Sequence[Asked],
    places: list[int],
    random_seed: int,
    on_answer: OnAnswer,
    is_stopped: Callable[[], bool],
) -> None:
    if not places or is_stopped():
        return
    answers = [_Answer(loaded, batch[place], random_seed, partial(on_answer, place)) for place in places]
    try:
        _generate(loaded, answers, is_stopped)
        return
    except (MemoryError, RuntimeError) as error:
        if not not_enough_memory(error):
            raise
    _free_memory(loaded)
    left = [place for place, answer in zip(places, answers, strict=True) if not answer.is_done]
    if len(places) == 1:
        raise ProviderError(
            f"the memory of {loaded.model.device} does not suffice for a prompt of {len(batch[left[0]].prompt)} "
            "tokens; lower prompts.<stage>.max_tokens, set model.options.dtype=bfloat16, or choose a smaller model"
        )
    half = max(1, len(places) // 2)
    for start in range(0, len(left), half):
        _answer_places(loaded, batch, left[start : start + half], random_seed, on_answer, is_stopped)


def _generate(loaded: LoadedModel, answers: list[_Answer], is_stopped: Callable[[], bool]) -> None:
    import torch
    import transformers

    library: Any = transformers

    longest = max(len(answer.prompt) for answer in answers)
    padding = [longest - len(answer.prompt) for answer in answers]
    tokens = [[loaded.pad] * pad + answer.prompt for pad, answer in zip(padding, answers, strict=True)]
    mask = [[0] * pad + [1] * (longest - pad) for pad in padding]
    device = loaded.model.device
    with torch.inference_mode():
        loaded.model.generate(
            torch.tensor(tokens, device=device),
            attention_mask=torch.tensor(mask, device=device),
            generation_config=library.GenerationConfig(
                max_new_tokens=max(answer.room for answer in answers), do_sample=False, pad_token_id=loaded.pad
            ),
            logits_processor=library.LogitsProcessorList([_chooser(answers)]),
            stopping_criteria=library.StoppingCriteriaList([_stopper(answers, is_stopped)]),
        )


def _chooser(answers: list[_Answer]) -> Callable[[Any, Any], Any]:
    """Give every row the score of one token only, the one that its own sampler chose; rows that are done get any."""

    def choose(_: Any, scores: Any) -> Any:
        import torch

        rows = [row for row, answer in enumerate(answers) if not answer.is_done]
        if torch.isnan(scores[rows]).any():
            raise ProviderError(
                "the model computes no numbers (NaN): its weights are damaged, or too large for their type; set "
                "model.options.dtype=float32"
            )
        chosen = [answers[row].sampler.next_token(scores[row]) for row in rows]
        forced = torch.zeros_like(scores)
        for row, token in zip(rows, torch.stack(chosen).tolist(), strict=True):
            forced[row, token] = 1.0
            answers[row].take(token, scores[row])
        return forced

    return choose


def _stopper(answers: list[_Answer], is_stopped: Callable[[], bool]) -> Callable[..., Any]:
    def stop(tokens: Any, _scores: Any, **_: Any) -> Any:
        import torch

        all_done = is_stopped()
        return torch.tensor([all_done or answer.is_done for answer in answers], device=tokens.device)

    return stop


def _free_memory(loaded: LoadedModel) -> None:
    import gc

    import torch

    gc.collect()
    if loaded.model.device.type == "cuda":
        torch.cuda.empty_cache()


class _Answer:
    """One answer while it is written."""

    def __init__(self, loaded: LoadedModel, asked: Asked, random_seed: int, tell: Callable[[Written], None]) -> None:
        self.prompt = list(asked.prompt)
        self.room = room_for(asked, loaded.context)
        self.sampler = Sampler(asked.request, random_seed)
        self.is_done = False
        self._tokenizer = loaded.tokenizer
        self._ends = loaded.ends
        self._stops = asked.stops
        self._tokens: list[int] = []
        self._look_back = max((len(stop) for stop in self._stops), default=0) * _BYTES_PER_CHARACTER + _SPARE
        self._tell = tell

    def take(self, token: int, scores: Any) -> None:
        """Add a token, and tell the answer when it is complete: at its end, a stop sequence or the token limit."""
        self._tokens.append(token)
        self.sampler.note(token, scores)
        if token in self._ends:
            self._end(written(self._tokenizer, self.prompt, self._tokens[:-1]), "stop")
            return
        text = self._text_before_a_stop()
        if text is not None:
            self._end(text, "stop")
        elif len(self._tokens) >= self.room:
            self._end(written(self._tokenizer, self.prompt, self._tokens), "length")

    def _text_before_a_stop(self) -> str | None:
        """Look at the latest tokens only; what is found there is cut from the whole text."""
        if not self._stops:
            return None
        latest = self._tokenizer.decode(self._tokens[-self._look_back :], skip_special_tokens=True)
        if not any(stop in latest for stop in self._stops):
            return None
        whole = written(self._tokenizer, self.prompt, self._tokens)
        found = [place for place in map(whole.find, self._stops) if place >= 0]
        return whole[: min(found)] if found else None

    def _end(self, text: str, finish_reason: str) -> None:
        self.is_done = True
        self._tell(Written(text, finish_reason, len(self.prompt), len(self._tokens)))
