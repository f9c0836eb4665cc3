"""Run as a program: what CPython's own unpickler would import, for pickles in hexadecimal on stdin.

The one place where a pickle of a test is really unpickled: `find_class` only writes the name down and
gives back a stub that does nothing. One JSON line each: the names, or null where it refuses.
"""

import io
import json
import pickle
import resource
import sys
from typing import Any

MEMORY = 4 << 30
"""Bytes of address space: a changed pickle may ask CPython for any amount."""


class Stub:
    """Takes any call, state, item; does nothing."""

    def __new__(cls, *_args: object, **_named: object) -> "Stub":
        return object.__new__(cls)

    def __init__(self, *_args: object, **_named: object) -> None:
        pass

    def __setstate__(self, _state: object) -> None:
        pass

    def __setitem__(self, _key: object, _value: object) -> None:
        pass

    def append(self, _value: object) -> None:
        """As a list does."""

    def extend(self, _values: object) -> None:
        """As a list does."""

    def add(self, _value: object) -> None:
        """As a set does."""


class Recorder(pickle.Unpickler):
    """Records names, imports nothing."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.names: list[tuple[str, str]] = []

    def find_class(self, module: str, name: str, /) -> Any:
        self.names.append((module, name))
        return Stub

    def persistent_load(self, _identity: Any, /) -> Any:
        return Stub()


def main() -> None:
    """Read pickles, write what they name."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        recorder = Recorder(bytes.fromhex(line))
        try:
            recorder.load()
        except Exception:
            print("null", flush=True)
        else:
            print(json.dumps(recorder.names), flush=True)


if __name__ == "__main__":
    main()
