"""Finding the schemes in a file: each is asked about the places where its anchor stands."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pthreport.checkpoint import Limits, ReadError, Tensor, Value
from pthreport.parameters.parameter import Member, Parameter
from pthreport.parameters.scheme import Inconsistency, Scheme, Site
from pthreport.parameters.schemes import SCHEMES
from pthreport.parameters.surroundings import Surroundings


@dataclass(frozen=True)
class Parameters:
    """What the stored tensors of a file stand for.

    `found` are the logical parameters in the order of the file, `inconsistent` the groups that look like
    one and are none, `member_of` the path of a parameter for each stored tensor that belongs to it.
    """

    found: tuple[Parameter, ...] = ()
    inconsistent: tuple[Inconsistency, ...] = ()
    member_of: Mapping[str, str] = field(default_factory=dict)


NOTHING = Parameters()
"""Of a file whose tensors all stand for themselves."""


def logical_parameters(
    tensors: Mapping[str, Tensor],
    tree: Value = None,
    limits: Limits | None = None,
    schemes: Sequence[Scheme] = SCHEMES,
) -> Parameters:
    """The logical parameters that several of `tensors` (by path) encode; `tree` is the file's, for its
    settings. Tensors of no scheme are not mentioned: each is its own parameter.

    Takes a time linear in the number of tensors; reads no values but those that say a shape. Of two
    schemes that would have the same tensor, the first in the list has it.
    """
    surroundings = Surroundings(tensors, tree, limits)
    claimed: dict[str, str] = {}
    found: list[Parameter] = []
    inconsistent: list[Inconsistency] = []
    for scheme in schemes:
        for site in _sites(scheme, surroundings):
            if site.anchor in claimed:
                continue
            try:
                outcome = scheme.find(site)
            except ReadError as error:
                outcome = Inconsistency(
                    scheme.id, f"what says its shape cannot be read: {error}", (site.anchor,)
                )
            if outcome is None:
                continue
            paths = _paths(outcome)
            if any(path in claimed for path in paths):
                continue
            claimed.update(dict.fromkeys(paths, site.anchor))
            if isinstance(outcome, Parameter):
                found.append(outcome)
            else:
                inconsistent.append(outcome)
    if not claimed:
        return NOTHING
    return _placed(tensors, found, inconsistent)


def _paths(outcome: Parameter | Inconsistency) -> list[str]:
    return [one.path if isinstance(one, Member) else one for one in outcome.members]


def _sites(scheme: Scheme, surroundings: Surroundings) -> Iterator[Site]:
    """The places where a tensor's path ends as one of the scheme's anchors does."""
    for ending in scheme.anchors:
        last = ending.rpartition(".")[2]
        if ending.startswith("."):
            paths = surroundings.leaves.get(last, ())
        else:
            tail = re.compile(f"{re.escape(last)}\\Z")
            paths = [p for leaf, named in surroundings.leaves.items() if tail.search(leaf) for p in named]
        for path in paths:
            if f".{path}".endswith(ending) and len(path) >= len(ending):
                yield Site(surroundings, path, ending)


def _placed(
    tensors: Mapping[str, Tensor], found: list[Parameter], inconsistent: list[Inconsistency]
) -> Parameters:
    """Parameters in the order of the file, each with a path of its own."""
    place = {path: at for at, path in enumerate(tensors)}

    def first(outcome: Parameter | Inconsistency) -> int:
        return min(place[path] for path in _paths(outcome))

    taken = set(tensors)
    member_of: dict[str, str] = {}
    for parameter in sorted(found, key=first):
        wanted = path = parameter.name_in(parameter.anchor)
        number = 2
        while path in taken:
            path = f"{wanted} ({number})"
            number += 1
        taken.add(path)
        parameter.path = path
        member_of.update(dict.fromkeys(_paths(parameter), path))
    return Parameters(tuple(sorted(found, key=first)), tuple(sorted(inconsistent, key=first)), member_of)
