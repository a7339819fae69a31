"""How the compiled parts are made: one decorator over Numba, and the bit count that Numba lacks.

    @kernel
    def twice(x): ...       # machine code from the first call on, kept on disk for the next process

Compiled code is kept beside this package, or in the user's cache folder where the package is read-only, or in
`NUMBA_CACHE_DIR` where that is set; where nothing can be written it is compiled anew in each process. Numba notices a
changed file but not a changed callee in another file, so kernels that call each other live in one file.

Kernels take arrays and tuples of arrays, and allocate nothing: that halves the time to compile them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = {"error_model": "numpy", "_nrt": False}  # no test for division by zero, no reference counts
_WITHIN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: Function) -> Function:
    """Compile a function on its first call; the machine code is cached on disk where that is possible."""
    try:
        compiled = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # Numba found no cache folder that it can write
        compiled = numba.njit(**_OPTIONS)(function)
    return cast(Function, compiled)


def within_kernel(function: Function) -> Function:
    """Compile a function that only kernels call: it becomes part of each kernel that does."""
    return cast(Function, numba.njit(**_OPTIONS, **_WITHIN)(function))


def _popcount(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


popcount = intrinsic(_popcount)
"""The number of 1 bits of a uint32 or uint64, in the same type."""
