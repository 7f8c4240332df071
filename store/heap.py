"""Gives memory that a large document took back to the system."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress

# Numbers of malloc.h, and what they stand for here: the least size of a block that is given back as
# soon as it is freed, and how many heaps the threads share.
_SETTINGS = {-3: 1 << 18, -8: 2}


@functools.cache
def _trim() -> Callable[[int], int]:
    """By itself glibc keeps what it has once seen freed, in a heap for each thread: what several
    large documents took in turn would add up."""
    import ctypes  # late: only those need it to whom a large document comes

    library = ctypes.CDLL(None)
    for name, value in _SETTINGS.items():
        library.mallopt(name, value)
    trim: Callable[[int], int] = library.malloc_trim
    return trim


def give_back() -> None:
    """Give free memory back. Takes a few milliseconds, so it belongs on a thread."""
    # Other C libraries have no such function, and most of them do not need it.
    with suppress(ImportError, OSError, AttributeError, TypeError):
        _trim()(0)
