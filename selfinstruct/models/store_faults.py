"""What can go wrong with a completion store, in our words: what happened, where, and what to do.

    completion store runs/completions.db: database is locked; another process holds it; wait for it or stop it, then ...

The password of a URL is never part of a message, also where the driver repeats it.
"""

from __future__ import annotations

import re

from selfinstruct.secrecy import masked

_RECOVER = (  # not `.recover`, which some builds of sqlite3 lack
    "save what can be read (`sqlite3 damaged.db .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 new.db`) and name the "
    "new file in store.url, or choose another store.url"
)
_LAST_REMEDY = "correct store.url or repair the store"
_REMEDIES = {
    "locked": "another process holds it; wait for it or stop it, then repeat the command",
    "readonly": "make the file and its folder writable, or choose another store.url",
    "read-only": "make the file and its folder writable, or choose another store.url",
    "permission denied": "make the file and its folder writable, or choose another store.url",
    "unable to open": "make the folder writable, or choose another store.url",
    "not a directory": "a file stands where its folder should be: move it away, or choose another store.url",
    "no such file or directory": "choose a store.url whose folder can be made",
    "file exists": "a file stands where its folder should be: move it away, or choose another store.url",
    "not a database": "the file is damaged or is no SQLite database; move it away or choose another store.url",
    "malformed": f"the file is damaged; {_RECOVER}",
    "decode to utf-8": f"the file is damaged; {_RECOVER}",
    "no such column": "the file holds another table of this name; choose another store.url",
    "full": "free some space, then repeat the command; what was stored is kept",
    "no space left": "free some space, then repeat the command; what was stored is kept",
    "disk i/o error": "the disk fails or a limit on file sizes was reached; mend that, then repeat the command",
    "connect": "start the database server or correct store.url",
}


def is_wrong_place(error: OSError) -> bool:
    """True when a folder cannot be made where it was asked for, which another store.url mends."""
    return isinstance(error, FileNotFoundError | FileExistsError | NotADirectoryError | PermissionError)


def redacted(url: str) -> str:
    """Return the URL without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        shown = make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "***" if "@" in url else url
    return re.sub(r"([?&]\w*password\w*=)[^&]*", r"\1***", shown, flags=re.IGNORECASE)


def explain(url: str, error: Exception) -> str:
    """Return what went wrong with the store, where, and what to do, without the URL's password."""
    cause = " ".join(str(getattr(error, "orig", None) or error).split())
    remedy = next((text for sign, text in _REMEDIES.items() if sign in cause.lower()), _LAST_REMEDY)
    return f"completion store {_place(url)}: {masked(cause, _passwords(url))}; {remedy}"


def _place(url: str) -> str:
    """The file of a SQLite store as the user wrote it, the URL without its password of any other."""
    return redacted(url).removeprefix("sqlite:///").partition("?")[0]


def _passwords(url: str) -> list[str]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        return []
    asked = [str(value) for name, value in parsed.query.items() if "password" in name.lower()]
    return [*asked, *([parsed.password] if parsed.password else [])]
