"""How new is a text? Exact ROUGE-L against a whole task pool, every float equal to rouge_score's.

`NoveltyIndex` holds a pool that grows a text at a time and describes any text (index). `judge_stream` and
`describe_stream` judge a recorded stream again, under any thresholds (stream). Below them: plain Python for small pools
(plain), and for large ones two compiled modes over one tokenised corpus, deciding (decide) and describing (describe),
whose machine code is made ahead of its first use (ahead).

    index = NoveltyIndex()
    index.add("Name a colour.")
    index.describe("Name a smell.").max_score                                   # 0.6666666666666666
    judge_stream(["Name a colour."], ["Name a smell.", "name a COLOUR"], 0.7)   # array([ True, False])
"""

from __future__ import annotations

from selfinstruct.novelty.ahead import compile_ahead
from selfinstruct.novelty.described import DescribedStream
from selfinstruct.novelty.index import TOKENIZERS, NoveltyIndex
from selfinstruct.novelty.stream import (
    count_invisible,
    describe_stream,
    highest_scores,
    judge_stream,
    judge_stream_many,
)

__all__ = [
    "TOKENIZERS",
    "DescribedStream",
    "NoveltyIndex",
    "compile_ahead",
    "count_invisible",
    "describe_stream",
    "highest_scores",
    "judge_stream",
    "judge_stream_many",
]
