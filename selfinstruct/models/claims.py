"""What the processes of one machine are asking just now, so that two runs at once do not pay for the same request.

    claims = Claims(Path("runs/completions.db.claims"))
    claims.take(key)   # True: ours until `release`; False: another process is asking, and will store its answer

A claim is a lock on one byte of an empty file, at a place given by the request's key: it costs a system call, needs no
clean-up, and the kernel lifts it when its process dies. Where there are no such locks (another system), everybody may
ask; then the first answer stored is the one that counts. For a store in PostgreSQL see server_claims.py.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from selfinstruct.errors import StoreError

_DIGITS = 15  # of the key, in hexadecimal: places below 2**60, and file locks reach to 2**63


class Claims:
    """The claims of this process. `path` None: there is nobody to share with, so that every claim is granted."""

    def __init__(self, path: Path | None) -> None:
        self._file = _open(path)

    async def claim(self, key: str) -> bool:
        """Claim a request as `take` does."""
        return self.take(key)

    def take(self, key: str) -> bool:
        """Claim a request; False while another process holds it. A process may take its own claims again."""
        if self._file is None:
            return True
        import fcntl

        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(key[:_DIGITS], 16))
        except (BlockingIOError, PermissionError):  # the two ways in which systems say that somebody else holds it
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def release(self, key: str) -> None:
        """Give a claim back."""
        if self._file is not None:
            import fcntl

            with contextlib.suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, int(key[:_DIGITS], 16))

    def close(self) -> None:
        """Give everything back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _open(path: Path | None) -> int | None:
    try:
        import fcntl  # noqa: F401
    except ImportError:
        return None
    if path is None:
        return None
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(
            f"completion store {path}: {error.strerror}; make the folder writable, or choose another store.url"
        ) from error
