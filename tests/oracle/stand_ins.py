"""What an unpickler in the jail gets instead of the thing that a file names: a class that does nothing and remembers.

A name of the reader's list of harmless names may be looked up for real (`Recorder.real`): the reader's claim is
that such a call only makes data, and the jail's audit hook hears where it does more.
"""

import io
import pickle
from collections.abc import Iterable, Mapping
from typing import IO, Any

Pair = tuple[str, str]


class _Named(type):
    """The type of all stand-ins: calling one makes an object, whatever the arguments."""

    def __call__(cls, *args: Any, **named: Any) -> Any:
        kind: Any = cls
        return kind.__new__(kind, *args, **named)

    def __iter__(cls) -> Any:
        return iter(())


class StandIn(metaclass=_Named):
    """An object of a class that is not there: takes any call, state and item, and keeps what it was given."""

    given: list[Any]

    def __new__(cls, *args: Any, **named: Any) -> "StandIn":
        made = object.__new__(cls)
        made.__dict__["given"] = [*args, *named.values()]
        return made

    def __call__(self, *args: Any, **named: Any) -> "StandIn":
        self.given.extend((*args, *named.values()))
        return self

    def __setstate__(self, state: Any) -> None:
        self.given.append(state)
        for one in state if isinstance(state, tuple) else (state,):
            if isinstance(one, dict):
                self.__dict__.update((key, value) for key, value in one.items() if isinstance(key, str))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.given += [key, value]

    def __iter__(self) -> Any:
        return iter(())

    def append(self, value: Any) -> None:
        """As a list does."""
        self.given.append(value)

    def extend(self, values: Iterable[Any]) -> None:
        """As a list does."""
        self.given.append(values)

    add = append


class Recorder:
    """The names that are looked up while one file is loaded, and what is put in their place.

    `real` are the things that may be had for real, by name. `names` says of each name by which loader it was
    looked up first; `used` are the real things that were handed out, with their attributes before.
    """

    def __init__(self, real: Mapping[Pair, Any]) -> None:
        self._real = real
        self._stand_ins: dict[Pair, Any] = {}
        self.names: dict[Pair, str] = {}
        self.used: dict[Pair, tuple[Any, dict[str, Any]]] = {}
        self.loader = ""
        self.really = False

    def find(self, module: str, name: str) -> Any:
        """What stands in for the name."""
        pair = (module, name)
        self.names.setdefault(pair, self.loader)
        if self.really and pair in self._real:
            found = self._real[pair]
            if pair not in self.used:
                self.used[pair] = found, dict(getattr(found, "__dict__", {}))
            return found
        made = self._stand_ins.get(pair)
        if made is None:
            made = self._stand_ins[pair] = _Named("StandIn", (StandIn,), {})
        return made

    def changed(self) -> list[Pair]:
        """The real things whose attributes are others than before."""
        return [
            pair
            for pair, (thing, before) in self.used.items()
            if not same_attributes(before, dict(getattr(thing, "__dict__", {})))
        ]


def same_attributes(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the same names hold the same objects; what Python itself adds to a class does not count."""
    kept = {
        key for key in before.keys() | after.keys() if not key.startswith(("_abc_", "__abstractmethods__"))
    }
    return all(key in before and key in after and before[key] is after[key] for key in kept)


class Session:
    """What is recorded in this process now."""

    recorder = Recorder({})


class Unpickler(pickle.Unpickler):
    """CPython's unpickler in C, which imports nothing."""

    def find_class(self, module: str, name: str, /) -> Any:
        return Session.recorder.find(module, name)


def load(file: IO[bytes], **options: Any) -> Any:
    """As pickle.load."""
    return Unpickler(file, **options).load()


def loads(content: bytes, /, **options: Any) -> Any:
    """As pickle.loads."""
    return Unpickler(io.BytesIO(content), **options).load()


def _find(self: Any, module: str, name: str) -> Any:
    return Session.recorder.find(module, name)


def replace_pickle() -> None:
    """From now on everything in this process that unpickles does it by these: to be called before torch, numpy
    and joblib are imported, some of which derive their own from Python's."""
    patched: Any = pickle
    patched.Unpickler, patched.load, patched.loads = Unpickler, load, loads
    patched._Unpickler.find_class = _find
