"""What stands before every request of the raters' page: who may ask, from where, and what a browser may do with it.

- The Host header must name this server, so that no foreign name can be pointed at it (DNS rebinding).
- Writes must come from a page of this server (Origin), as JSON, of limited length.
- Where others than this machine can reach it, a token: given once in the address, then kept in a cookie. A rater's
  opens the page of this rater only, the owner's everything (access.py makes them).
- No script, style or picture from elsewhere, nothing inline, no frame around it, nothing kept in a cache.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfinstruct.rating.access import OWNER, Access

LONGEST_BODY = 2_000_000
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Guard:
    """Wraps the page.

    access: None where only this machine can reach it, so that no token is asked for.
    address: where raters reach it when that is not where it listens: a proxy with a name of its own, or "".
    """

    app: ASGIApp
    host: str
    access: Access | None
    address: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a word on why."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        answer = self._refusal(scope["method"], headers) or self._unknown(scope, headers)
        await (answer or self.app)(scope, receive, _with_headers(send))

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        if not self._is_own_name(headers.get("host", "")):
            return _refused(421, "This address is not one of this server's names.")
        if method in {"GET", "HEAD"}:
            return None
        own = {f"{scheme}://{headers.get('host')}" for scheme in ("http", "https")}
        if headers.get("origin") not in {*own, self.address} - {""}:
            return _refused(403, "This did not come from the raters' page.")
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return _refused(415, "Send JSON.")
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            return _refused(413, f"Send at most {LONGEST_BODY:,} bytes, and say how many.")
        return None

    def _is_own_name(self, given: str) -> bool:
        name = given.rpartition(":")[0] if given.rpartition(":")[2].isdigit() else given
        name = name.removeprefix("[").removesuffix("]").lower()
        if self.address and name == urlsplit(self.address).hostname:
            return True
        if is_loopback(self.host):
            return is_loopback(name)
        return name in {self.host.lower(), "localhost", socket.gethostname().lower()} or _is_address(name)

    def _unknown(self, scope: Scope, headers: Headers) -> Response | None:
        """Let in who knows a token; where it stands in the address, put it into a cookie and take it out of there."""
        if self.access is None:
            return None
        queried = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["method"] == "GET" and (name := self.access.name_of(queried.get("token", ""))) is not None:
            return self._let_in(scope["path"], queried, *self.access.cookie_of(name))
        carried = headers.get("authorization", "").removeprefix("Bearer ")
        known = {self.access.name_of(carried), *self.access.names_in(cookie_parser(headers.get("cookie", "")))} - {None}
        if not known:
            return _refused(401, "Open the address with the token, as whoever runs this study has sent it to you.")
        if OWNER in known or any(is_open_to(name, scope["path"]) for name in known if name):
            return None
        return _refused(403, "This is not your page. Open the address that was sent to you.")

    def _let_in(self, path: str, queried: Mapping[str, str], cookie: str, value: str) -> Response:
        rest = urlencode({key: value for key, value in queried.items() if key != "token"})
        # a path that begins with two slashes would lead to another server
        answer = RedirectResponse("/" + path.lstrip("/") + (f"?{rest}" if rest else ""), status_code=303)
        is_https = self.address.startswith("https:")
        answer.set_cookie(cookie, value, httponly=True, secure=is_https, samesite="lax", max_age=30 * 86_400)
        return answer


def is_open_to(rater: str, path: str) -> bool:
    """Return whether a path is this rater's own: the page, what it asks and saves, and the files of all pages."""
    first, _, rest = path.removeprefix("/").partition("/")
    return first == "static" or (first in {"rate", "api"} and rest.partition("/")[0] == rater)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refused(status: int, why: str) -> Response:
    return PlainTextResponse(why + "\n", status_code=status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
        await send(message)

    return sending
