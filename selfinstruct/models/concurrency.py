"""How many requests may be in flight at once: it grows by addition and shrinks by multiplication, as in TCP.

    many = Concurrency(most=64)
    many.rejected(number=70, sent=80, in_flight=64)    places 64 -> 44; 71 to 79 were in flight: they shrink it no more
    many.answered(number=80, is_full=True)             places 44 -> 44.02

It starts at the user's number, for most providers never reject anything; one that does is found out by its first
rejections (HTTP 429) and not by a slow start of every run.
"""

from __future__ import annotations

_SHRINK = 0.7
_STEPS = 16  # a round of answers adds a sixteenth of the user's number
_NEAR = 0.1  # within so much of the number that was too many, an answer adds only so small a share of the places:
_CAREFUL = 0.0003  # that is some 300 answers for each burst of rejections, where nothing but rejections tells the limit


class Concurrency:
    """The number of places, between 1 and `most`. Requests are known by a number that counts sendings."""

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._places = self._most
        self._too_many = self._most
        self._fresh_from = 0

    @property
    def places(self) -> int:
        """How many requests may be in flight now."""
        return int(self._places)

    def is_fresh(self, number: int) -> bool:
        """True for what was sent after the last time that places were taken away."""
        return number >= self._fresh_from

    def answered(self, number: int, is_full: bool) -> None:
        """Grow by a step per round of answers, where the places were all taken and so may have been too few."""
        if self.is_fresh(number) and is_full:
            step = max(1.0, self._most / _STEPS) / self._places
            if abs(self._places - self._too_many) <= _NEAR * self._too_many:
                step = min(step, _CAREFUL * self._places)
            self._places = min(self._most, self._places + step)

    def rejected(self, number: int, sent: int, in_flight: int) -> bool:
        """Shrink once for a burst of rejections; return whether this one begins a burst.

        Args:
            number: which sending was rejected.
            sent: the number that the next sending will have: all below it were sent without knowing of this burst.
            in_flight: how many requests were in flight, this one included.
        """
        if not self.is_fresh(number):
            return False
        self._too_many = min(self._places, float(in_flight))
        self._places = max(1.0, self._too_many * _SHRINK)
        self._fresh_from = sent
        return True
