"""What a scheme is: a description of itself, and one function from a place in the file to what stands there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pthreport.checkpoint import Tensor, Value
from pthreport.parameters.matrix import Matrix
from pthreport.parameters.parameter import Kind, Member, MemberRole, Parameter
from pthreport.parameters.settings import Settings
from pthreport.parameters.surroundings import Surroundings

FLOATS = ("float16", "bfloat16", "float32", "float64")
"""Element types of scales and unpacked weights."""


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """Tensors that are a scheme's by their names and types and cannot be one parameter: `text` says why."""

    scheme: str
    text: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a scheme may be: the tensor at the path `anchor`, whose last part is `ending`.

    Its companions are named by what follows the `stem`, the anchor's path (with a "." before it) without
    the ending.
    """

    surroundings: Surroundings
    anchor: str
    ending: str

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        """All stored tensors by path."""
        return self.surroundings.tensors

    @property
    def settings(self) -> Settings:
        """What the file says about its quantisation."""
        return self.surroundings.settings

    @property
    def stem(self) -> str:
        """What the companions' paths begin with, a "." before it."""
        return f".{self.anchor}".removesuffix(self.ending)

    @property
    def tensor(self) -> Tensor:
        """The anchor."""
        return self.tensors[self.anchor]

    def path(self, ending: str) -> str:
        """The path of the companion with this ending."""
        return f"{self.stem}{ending}"[1:]

    def beside(self, ending: str) -> str:
        """The path of what lies beside the stem, in the module that holds it."""
        return f"{self.stem.rpartition('.')[0]}{ending}"[1:]

    def get(self, ending: str) -> Tensor | None:
        """The companion with this ending."""
        return self.tensors.get(self.path(ending))

    def value(self, ending: str) -> Value:
        """A plain value that is kept as a companion; None where there is none."""
        return self.surroundings.values.get(self.path(ending))


@dataclass(frozen=True, slots=True)
class Group:
    """A site whose tensors are a scheme's: `members` by what follows the stem, the anchor's ending included
    ("<" before it: what follows the stem's parent); those that are not there are left out."""

    site: Site
    scheme: str
    members: tuple[tuple[str, MemberRole], ...]

    def _members(self) -> tuple[Member, ...]:
        site = self.site
        found: dict[str, Member] = {}
        for ending, role in self.members:
            path = site.beside(ending[1:]) if ending.startswith("<") else site.path(ending)
            if path in site.tensors:
                found.setdefault(path, Member(path, role))
        return tuple(found.values())

    def inconsistent(self, text: str) -> Inconsistency:
        """That the members do not fit together."""
        return Inconsistency(self.scheme, text, tuple(member.path for member in self._members()))

    def parameter(
        self,
        label: str,
        shape: tuple[int, ...],
        bits: float,
        *,
        decoder: Matrix | None = None,
        undecoded: str | None = None,
        order: tuple[int, ...] | None = None,
        leaf: str = ".weight",
        kind: Kind = "packed",
        group: int | None = None,
        wide: bool = False,
        notes: tuple[str, ...] = (),
    ) -> Parameter:
        """The parameter that the group is; `leaf` is what its name ends with instead of the anchor's ending."""
        site = self.site
        return Parameter(
            scheme=self.scheme,
            label=label,
            kind=kind,
            shape=shape,
            bits=bits,
            members=self._members(),
            anchor=site.anchor,
            ending=site.ending,
            leaf=leaf,
            tensors=site.tensors,
            order=order if order is not None else tuple(range(len(shape))),
            decoder=decoder,
            undecoded=undecoded,
            group=group,
            wide=wide,
            notes=notes,
        )


Outcome = Parameter | Inconsistency | None
"""None: the tensors are what they are; this scheme has nothing to say of them."""


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """One way to store a parameter in several tensors.

    `id` is its file's name with "-" for "_", `title` what people call it. `anchors` are endings of paths,
    each with the "." that begins a name or what a name ends with ("_blocks"): `find` is called for each
    tensor that has one. `layout` says in words what lies where; `reference` names the format's page or code.
    """

    id: str
    title: str
    anchors: tuple[str, ...]
    layout: str
    reference: str
    find: Callable[[Site], Outcome]
