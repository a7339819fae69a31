"""The offline model: an embedded model without weights, for trying things out, for tests and for demonstrations.

It is no language model. It reads its prompt as a program reads a form, and writes text from a seeded grammar that
imitates what it was shown: topics, verbs, lengths, form and flaws. It makes the mistakes that real models make, as
often as its options say. What it writes looks like tasks and means nothing: it is not for training.

    answer(request, "grammar", read_options({...}))      a pure function
    register()                                           then litellm.acompletion(model="offline/grammar", ...) answers
"""

from selfinstruct.models.offline.answer import answer
from selfinstruct.models.offline.options import OfflineOptions, Rates, read_options
from selfinstruct.models.offline.provider import register

__all__ = ["OfflineOptions", "Rates", "answer", "read_options", "register"]
