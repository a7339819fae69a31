"""The page served until Ctrl+C: a socket is opened first, so that a port that is taken is one clear error.

serve(study, "127.0.0.1", 5050, "", say=print)   prints an address for each rater, and ends at Ctrl+C
"""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from selfinstruct.errors import InputError
from selfinstruct.rating.access import OWNER, Access, kept_secret
from selfinstruct.rating.study import Study

if TYPE_CHECKING:
    import uvicorn

_EVERYBODY = "(all pages)"


def serve(study: Study, host: str, port: int, address: str, say: Callable[[str], None]) -> None:
    """Serve the page until the process is interrupted or asked to end.

    Args:
        host: 127.0.0.1, or another address of this machine; then a token is asked for.
        port: 0 takes a free one.
        address: "", or where raters reach the page through a proxy; then a token is asked for, too.
        say: is told the addresses, one for each rater.

    Raises:
        InputError: the address cannot be listened on.
    """
    import uvicorn

    from selfinstruct.rating.guard import Guard, is_loopback
    from selfinstruct.rating.page import make_app

    opened = _listening(host, port)
    access = None if is_loopback(host) and not address else Access(kept_secret(study.folder), study.raters)
    config = uvicorn.Config(
        Guard(make_app(study), host, access, address),
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    with opened, _ending(server):
        for line in links(study, address or _own_address(host, opened.getsockname()[1]), access):
            say(line)
        say("Ctrl+C ends it and writes the ratings.")
        server.run(sockets=[opened])


@contextlib.contextmanager
def _ending(server: uvicorn.Server) -> Iterator[None]:
    """Within this block Ctrl+C and SIGTERM end the server, also while it is still being loaded.

    An exception instead could come up in some library's import or destructor, and be lost there.
    """

    def end(_number: int, _frame: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def links(study: Study, address: str, access: Access | None) -> list[str]:
    """Return one line for each rater: the name, and what to open; with tokens, also the owner's."""
    paths = {rater: f"/rate/{quote(rater)}" for rater in study.raters} | ({OWNER: "/"} if access else {})
    width = max(len(name or _EVERYBODY) for name in paths)
    queries = {name: f"?token={access.token_of(name)}" if access else "" for name in paths}
    return [f"{name or _EVERYBODY:{width}}  {address}{path}{queries[name]}" for name, path in paths.items()]


def _own_address(host: str, port: int) -> str:
    shown = socket.gethostname() if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


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
