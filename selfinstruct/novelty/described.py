"""What describe mode found for a stream of texts, as columns; each row reads as a `Similarity`.

described = describe_stream(seeds, texts, 0.7)
described.accepted.sum(), described[0].max_score
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selfinstruct.records import Similarity

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DescribedStream:
    """What `describe_stream` found, one row per text, in the order of the texts.

    accepted: whether it joined the pool. Pool indices count the seeds first, then the accepted texts. indices, scores:
    (texts, 10), the most similar members, best first, -1 where the pool was smaller. means: over the pool.
    """

    accepted: Bits
    indices: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.accepted)

    def __getitem__(self, row: int) -> Similarity:
        """Return how text `row` compared with the pool as it stood."""
        pairs = zip(self.indices[row].tolist(), self.scores[row].tolist(), strict=True)
        most_similar = tuple((index, score) for index, score in pairs if index >= 0)
        nearest, highest = most_similar[0] if most_similar else (-1, 0.0)
        return Similarity(highest, nearest, most_similar, float(self.means[row]))
