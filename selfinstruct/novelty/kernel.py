"""How the compiled parts are made: two decorators over Numba, and the bit count that Numba lacks.

    @kernel
    def twice(x): ...       # machine code from the first call on, kept on disk for the next process

Numba takes the better part of a second to import, so a decorated function waits: only the first call of a kernel
imports Numba, and puts the compiled functions in the place of those that it calls.

Compiled code is kept beside this package, or in the user's cache folder where the package is read-only, or in
`NUMBA_CACHE_DIR` where that is set; where nothing can be written it is compiled anew in each process. Numba notices
that a kernel's own file has changed, but not that a callee in another file has, and would go on using the old code; so
the name of a kernel, and with it the name of its cache file, carries a digest of all the files here.

Kernels take arrays and tuples of arrays, and allocate nothing: that halves the time to compile them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


class _Waiting:
    """A function that Numba has not seen yet."""

    def __init__(self, function: Function, translate: Callable[[Function], Any]) -> None:
        self._function = function
        self._translate = translate
        self._translated: Any = None

    def __call__(self, *arguments: Any) -> Any:
        return self.translated()(*arguments)

    def translated(self) -> Any:
        """Return Numba's version. Numba resolves names as module globals, so those that wait as well are replaced."""
        if self._translated is None:
            self._translated = self._translate(self._function)
            names = self._function.__globals__
            names.update({name: value.translated() for name, value in names.items() if isinstance(value, _Waiting)})
        return self._translated


def kernel(function: Function) -> Function:
    """Compile a function on its first call; the machine code is cached on disk where that is possible."""
    return cast(Function, _Waiting(function, _compile))


def within_kernel(function: Function) -> Function:
    """Compile a function that only kernels call: it becomes part of each kernel that does."""
    return cast(Function, _Waiting(function, _compile_within))


def _compile(function: Any) -> Any:
    function.__qualname__ = f"{function.__name__}_{digest()}"
    try:
        return _njit(cache=True)(function)
    except RuntimeError:  # Numba found no cache folder that it can write
        return _njit()(function)


def _compile_within(function: Any) -> Any:
    return _njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


@cache
def digest() -> str:
    """Return what tells this version of the kernels from every other: it is part of their cache files' names."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _njit(**options: Any) -> Any:
    import numba

    return numba.njit(error_model="numpy", **options)  # no test for division by zero, no reference counts


def _intrinsic(function: Any) -> Any:
    from numba.extending import intrinsic

    return intrinsic(function)


def _popcount(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


popcount: Any = _Waiting(_popcount, _intrinsic)
"""The number of 1 bits of a uint32 or uint64, in the same type. For use in kernels only."""
