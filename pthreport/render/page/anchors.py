"""Anchors: a readable slug of a name, the same on every run, never two alike."""

import hashlib
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

_RUN = re.compile(r"[^a-z0-9]+")
_LONGEST = 60

Key = TypeVar("Key", bound=Hashable)


def anchors(names: Iterable[tuple[Key, str]], prefix: str) -> Mapping[Key, str]:
    """An anchor for each key from its name: `prefix`, a hyphen and the slug.

    All whose slugs collide get a piece of the hash of their key and name, so that an anchor depends on
    the names alone, not on their order.
    """
    pairs = list(names)
    slugs = {key: slug(text) for key, text in pairs}
    times = Counter(slugs.values())
    given: dict[Key, str] = {}
    for key, text in pairs:
        made = slugs[key]
        if times[made] > 1 or not made:
            made = f"{made}-{_hash(repr(key) + text)}".lstrip("-")
        given[key] = f"{prefix}-{made}"
    return given


def slug(text: str) -> str:
    """Lower-case letters and digits of `text`, hyphens between; marked by a hash where it was cut."""
    made = _RUN.sub("-", text.lower()).strip("-")
    if len(made) > _LONGEST:
        made = f"{made[:_LONGEST].strip('-')}-{_hash(text)}"
    return made


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
