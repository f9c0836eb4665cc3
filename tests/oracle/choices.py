"""Choices that make a file: drawn from a seed, or given again as a list, so that they can be made fewer."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """A source of choices that remembers what it chose.

    With a `seed` each choice is drawn; with `given` numbers they are taken one by one, cut to what is
    possible, and 0 once they run out. A generator puts its simplest alternative first: a shorter list
    with smaller numbers then makes a simpler file, whatever the grammar (as in Hypothesis, MacIver and
    Donaldson 2020, "Test-case reduction via test-case generation"). A `tame` file names nothing but what is harmless.
    """

    def __init__(self, seed: str = "", given: Sequence[int] | None = None) -> None:
        self._random = random.Random(seed)
        self._given = given
        self.made: list[int] = []
        self.tame = False

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1."""
        if self._given is None:
            number = int(self._random.random() * count)
        else:
            at = len(self.made)
            number = min(self._given[at], count - 1) if at < len(self._given) else 0
        self.made.append(number)
        return number

    def pick(self, alternatives: Sequence[T]) -> T:
        """One of the alternatives, of which the first is the simplest."""
        return alternatives[self.below(len(alternatives))]

    def rarely(self, one_in: int) -> bool:
        """True once in `one_in` times; the simpler answer is no."""
        return self.below(one_in) == one_in - 1

    def number(self, digits: int = 4) -> int:
        """A number of up to `digits` bytes, small ones as likely as large ones."""
        number = 0
        for _ in range(self.below(digits + 1)):
            number = number * 256 + self.below(256)
        return number
