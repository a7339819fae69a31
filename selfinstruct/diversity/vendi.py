"""The Vendi score: how many different texts a set is worth, given how similar they are.

1: they are all the same. n: no two have anything in common. Exact, on a seeded sample, since the cost grows with n³.

    vendi_score(["name a fruit", "name a fruit", "sing"], 1000, 42).value     # 1.8898815748423097

The similarity of two texts is the mean of the cosines between their counts of words and of pairs of neighbouring words.
It needs no model and knows no meaning; and it does not depend on the other texts, so that two runs can be compared.

Source: Friedman and Dieng 2023, "The Vendi score: a diversity evaluation metric for machine learning"; section 5 there
uses n-gram cosines for text. The package of that name needs a deep-learning framework, so the formula stands here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selfinstruct.diversity.repetition import ngrams
from selfinstruct.findings import Finding, undefined
from selfinstruct.randomness import generator
from selfinstruct.text import unicode_tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SIZES = (1, 2)


def vendi_score(texts: Sequence[str], sample_size: int, random_seed: int) -> Finding:
    """Return the Vendi score of the texts, or of a sample of them; n says how many texts it was computed over.

    The score grows with n, so only scores of one n can be compared.
    """
    if not texts:
        return undefined("there is no text")
    sample = list(texts)
    if len(texts) > sample_size:
        chosen = generator(random_seed, "vendi").sample(range(len(texts)), sample_size)
        sample = [texts[i] for i in sorted(chosen)]
    note = f"a sample of {len(sample):,} of {len(texts):,}" if len(sample) < len(texts) else "all of them"
    return Finding(_effective_number(_similarity(sample)), len(sample), note=note)


def _similarity(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """The kernel: symmetric, 1 on the diagonal, 0..1 elsewhere. A text without words is like itself only."""
    import numpy as np

    kernel = np.zeros((len(texts), len(texts)))
    for size in _SIZES:
        counts = _unit_counts(texts, size)
        cosines = (counts @ counts.T).toarray()
        np.fill_diagonal(cosines, 1.0)
        kernel += cosines / len(_SIZES)
    return kernel


def _unit_counts(texts: Sequence[str], size: int) -> Any:
    """One row of n-gram counts per text, divided by its length, sparse."""
    import numpy as np
    from scipy.sparse import csr_array

    numbers: dict[tuple[str, ...], int] = {}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        counts = Counter(ngrams(unicode_tokens(text), size))
        length = sum(value * value for value in counts.values()) ** 0.5
        columns += [numbers.setdefault(gram, len(numbers)) for gram in counts]
        values += [value / length for value in counts.values()]
        ends.append(len(columns))
    return csr_array(
        (np.array(values), np.array(columns, np.int64), np.array(ends)), (len(texts), max(1, len(numbers)))
    )


def _effective_number(kernel: npt.NDArray[np.float64]) -> float:
    """The exponential of the entropy of the kernel's eigenvalues, divided by n so that they add up to 1.

    On one thread: at this size several threads gain little, and where the cores are busy they wait for each other (5 s
    were measured instead of 0.1 s).
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        weights = np.linalg.eigvalsh(kernel / len(kernel))
    weights = weights[weights > 1e-12]
    return float(np.exp(-(weights * np.log(weights)).sum()))
