"""Python's search for unreachable cycles, held while a tree grows or is listed.

It would go through all of the tree again and again, a third of the time for a large one, and there is
nothing to find.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the search for the length of the block, or of the function that this decorates."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
