"""The page served until Ctrl+C: a socket is opened first, so that a port that is taken is one clear error.

serve(study, "127.0.0.1", 5050, say=print)   -> True when it was ended on purpose
"""

from __future__ import annotations

import errno
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from selfinstruct.errors import InputError
from selfinstruct.rating.study import Study

_SHORTEST_TOKEN = 16
TOKEN = "token"  # the name of the file in the study's folder


def serve(study: Study, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the page until the process is interrupted or asked to end.

    Args:
        host: 127.0.0.1, or another address of this machine; then a token is asked for.
        port: 0 takes a free one.
        say: is told the addresses, one for each rater.

    Raises:
        InputError: the address cannot be listened on.
    """
    import uvicorn

    from selfinstruct.rating.guard import Guard, is_loopback
    from selfinstruct.rating.page import make_app

    opened = _listening(host, port)
    token = None if is_loopback(host) else kept_token(study.folder)
    config = uvicorn.Config(
        Guard(make_app(study), host, token),
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end is as good as Ctrl+C
    try:
        for line in addresses(study, host, opened.getsockname()[1], token):
            say(line)
        say("Ctrl+C ends it and writes the ratings.")
        uvicorn.Server(config).run(sockets=[opened])
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        opened.close()


def addresses(study: Study, host: str, port: int, token: str | None) -> list[str]:
    """Return one line for each rater: the name, and the address to open."""
    shown = socket.gethostname() if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    query = f"?token={token}" if token else ""
    width = max(len(rater) for rater in study.raters)
    return [f"{rater:{width}}  http://{shown}:{port}/rate/{quote(rater)}{query}" for rater in study.raters]


def kept_token(folder: Path) -> str:
    """Return the study's token, made once, readable by its owner only; delete the file to have another one."""
    path = folder / TOKEN
    path.touch(mode=0o600)
    path.chmod(0o600)
    kept = path.read_text(encoding="utf-8").strip()
    if len(kept) >= _SHORTEST_TOKEN:
        return kept
    made = secrets.token_urlsafe(24)  # also where a process was killed before it had written one
    path.write_text(made, encoding="utf-8")
    return made


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"choose another, for example port={port + 1}"
            raise InputError(f"port={port}: another program listens there; {remedy}") from error
        why = error.strerror or error
        raise InputError(f"host={host} port={port}: cannot be listened on ({why}); choose others") from error
