"""People rate generated data and models' answers: on a local page or on sheets, blind, each in an order of their own.

selfinstruct rate run=runs/first raters=[anna,ben]
selfinstruct rate predictions=[davinci.jsonl,tuned.jsonl] form=grades raters=[anna,ben]
-> runs/rate-<digest>/ratings.csv, which `selfinstruct compare ratings=` reads
"""

from selfinstruct.rating.forms import Form, check_form
from selfinstruct.rating.items import Answer, Item
from selfinstruct.rating.study import CONSENSUS, Study

__all__ = ["CONSENSUS", "Answer", "Form", "Item", "Study", "check_form"]
