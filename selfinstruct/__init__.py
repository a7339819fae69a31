"""Declarative, resumable, tracked Self-Instruct experiments.

The command line is the front door (`selfinstruct run`); `selfinstruct.pipeline` reads like the paper's figure.
"""

__version__ = "0.1.0"
