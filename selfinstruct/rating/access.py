"""Who may open what where others than this machine can reach the page: a token for each rater, made of one secret.

    access = Access(kept_secret(folder), ("anna", "ben"))
    access.token_of("anna")   -> "k3J...": opens the page of anna; access.token_of(OWNER) opens every page

Tokens are not stored: each is an HMAC of the rater's name under the study's secret. So nobody can make that of another
rater from their own, and a rater who is added has one. The secret is a file that its owner alone can read; deleting it
makes all tokens new.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECRET = "token"  # the name of the file in the study's folder
OWNER = ""  # no rater can be called so
_COOKIE = "selfinstruct_rate"
_SHORTEST_SECRET = 16


@dataclass(frozen=True)
class Access:
    """The tokens of a study's raters and of its owner."""

    secret: str
    raters: Sequence[str]

    def token_of(self, name: str) -> str:
        """Return the token of a rater, or of the owner: 32 characters that may stand in an address."""
        return base64.urlsafe_b64encode(self._digest(f"token {name}")[:24]).decode()

    def name_of(self, token: str) -> str | None:
        """Return whose token this is; None for nobody's."""
        return next((name for name in self._names() if _same(token, self.token_of(name))), None)

    def cookie_of(self, name: str) -> tuple[str, str]:
        """Return the name and the value of the cookie that stands for a token, which itself no browser keeps.

        Each has a name of its own: cookies know no ports, and one browser may hold those of several raters and studies.
        """
        return f"{_COOKIE}_{self._digest(f'cookie {name}').hex()[:16]}", self._digest(f"value {name}").hex()

    def names_in(self, cookies: Mapping[str, str]) -> Iterator[str]:
        """Yield those whose cookies these are."""
        for name in self._names():
            key, value = self.cookie_of(name)
            if _same(cookies.get(key, ""), value):
                yield name

    def _names(self) -> tuple[str, ...]:
        return (OWNER, *self.raters)

    def _digest(self, of: str) -> bytes:
        return hmac.digest(self.secret.encode(), of.encode(), hashlib.sha256)


def kept_secret(folder: Path) -> str:
    """Return the study's secret, made once, readable by its owner only; delete the file to have another one."""
    path = folder / SECRET
    path.touch(mode=0o600)
    path.chmod(0o600)
    kept = path.read_text(encoding="utf-8").strip()
    if len(kept) >= _SHORTEST_SECRET:
        return kept
    made = secrets.token_urlsafe(24)  # also where a process was killed before it had written one
    path.write_text(made, encoding="utf-8")
    return made


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
