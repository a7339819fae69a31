"""LiteLLM as this package imports it, once in a process and nowhere else: `litellm = import_litellm()`."""

from __future__ import annotations

import functools
import gc
import logging
import os
from typing import Any


@functools.cache
def import_litellm() -> Any:
    """Return litellm with our settings. Its limit on connections is off: the gate is the limit.

    Its 300,000 objects stay as long as the process does, so the garbage collector need not look at them: each time it
    did, all requests waited a quarter of a second.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm
    from litellm.llms.custom_httpx import http_handler

    connections: Any = http_handler  # its limits are read from the environment at the import, which may be over
    connections.AIOHTTP_CONNECTOR_LIMIT = connections.AIOHTTP_CONNECTOR_LIMIT_PER_HOST = 0
    gc.freeze()
    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True  # offline, counting the tokens of one prompt waited for the hub
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    return litellm
