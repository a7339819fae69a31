"""Fine-tuning: from the records of a finished run to a tuned model, by a provider or on this machine.

    data.py      what a model is trained on: examples in the chat form or in the paper's 13 forms, some of them held out
    api*.py      by a provider: a file is uploaded, a job is created once, followed and written down
    sft*.py      on this machine, with TRL

Both kinds take `TrainingData` and give a `Tuned`; `selfinstruct/finetune_job.py` is the verb around them.
"""

from selfinstruct.finetune.data import CHAT, TEXT, DataOptions, Example, Report, TrainingData, Tuned

__all__ = ["CHAT", "TEXT", "DataOptions", "Example", "Report", "TrainingData", "Tuned"]
