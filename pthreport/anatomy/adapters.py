"""Low-rank adapters: which tensors are the factors of a change of which layer.

A LoRA (arXiv 2106.09685) adds scale B A to a weight, A of shape (rank, in) and B (out, rank). Names by
who writes them: `lora_A.weight`, `lora_A.default.weight`, `lora_embedding_A` (peft), `lora_A` (loralib),
`lora_down.weight` and `alpha` (kohya), `lora.down.weight`, `lora_linear_layer.down.weight` (diffusers).
DoRA (arXiv 2402.09353) keeps a magnitude beside them. LoHa and LoKr are products of another form and
only named.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from pthreport.anatomy.layers import Entry
from pthreport.anatomy.outline import Outline
from pthreport.anatomy.value_text import is_number
from pthreport.checkpoint import Record
from pthreport.document import Adapter
from pthreport.document.components import AdapterForm

_SUFFIX = r"(?:\.(?!weight$)(?P<set>[^.]+))?(?:\.weight)?$"
_NAMES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^(?:(?P<at>.*)\.)?lora_(?:embedding_)?A" + _SUFFIX), "a"),
    (re.compile(r"^(?:(?P<at>.*)\.)?lora_(?:embedding_)?B" + _SUFFIX), "b"),
    (re.compile(r"^(?:(?P<at>.*)\.)?lora_magnitude_vector" + _SUFFIX), "magnitude"),
    (re.compile(r"^(?P<at>.*?)(?:[._]lora|\.lora_linear_layer)[._]down\.weight$"), "a"),
    (re.compile(r"^(?P<at>.*?)(?:[._]lora|\.lora_linear_layer)[._]up\.weight$"), "b"),
    (re.compile(r"^(?P<at>.*?)\.lora_mid\.weight$"), "mid"),
    (re.compile(r"^(?P<at>.*?)\.dora_scale$"), "magnitude"),
    (re.compile(r"^(?P<at>.*?)\.hada_(?:w[12]_[ab]|t[12])" + _SUFFIX), "LoHa"),
    (re.compile(r"^(?P<at>.*?)\.lokr_(?:w[12](?:_[ab])?|t2)" + _SUFFIX), "LoKr"),
    (re.compile(r"^(?P<at>.*?)(?:\.lora\.(?:down|up)\.weight)?\.alpha$"), "alpha"),
)
_BASES = ("{}.weight", "{}.base_layer.weight", "{}.linear.weight", "{}")
_ALPHAS = ("lora_alpha", "network_alpha", "ss_network_alpha")
_LONGEST_METADATA = 1 << 20


@dataclass
class _Parts:
    # The tensors around one layer, by what they are.
    at: str
    name: str
    entries: dict[str, Entry] = field(default_factory=dict)
    others: list[tuple[str, Entry]] = field(default_factory=list)

    @property
    def all(self) -> list[Entry]:
        return [*self.entries.values(), *(entry for _, entry in self.others)]


@dataclass(frozen=True)
class _Setting:
    """What a configuration in the file says of all adapters: the path of alpha and its value,
    exceptions by the ends of layers' names, and whether it is over the root of the rank."""

    path: str
    alpha: float
    exceptions: Mapping[str, float] = field(default_factory=dict)
    root: bool = False


def find(entries: Sequence[Entry], tree: Outline) -> tuple[Adapter, ...]:
    """The adapters among the tensors of one model, in their order, not measured."""
    parts = _grouped(entries)
    if not parts:
        return ()
    by_name = {entry.name: entry.path for entry in entries}
    setting = _setting(tree)
    return tuple(_described(one, by_name, setting) for one in parts)


def _grouped(entries: Sequence[Entry]) -> list[_Parts]:
    found: dict[tuple[str, str], _Parts] = {}
    alphas: dict[str, Entry] = {}
    for entry in entries:
        for pattern, what in _NAMES:
            match = pattern.match(entry.name)
            if match is None:
                continue
            at, name = match["at"] or "", match.groupdict().get("set") or ""
            if what == "alpha":
                if entry.numel == 1:
                    alphas[at] = entry
                break
            one = found.setdefault((at, name), _Parts(at, name))
            if what in ("a", "b", "mid", "magnitude"):
                one.entries.setdefault(what, entry)
            else:
                one.others.append((what, entry))
            break
    for one in found.values():
        if one.at in alphas:
            one.entries["alpha"] = alphas[one.at]
    return list(found.values())


def _described(parts: _Parts, by_name: Mapping[str, str], setting: _Setting | None) -> Adapter:
    a, b, alpha = (parts.entries.get(what) for what in ("a", "b", "alpha"))
    form: AdapterForm = "LoRA"
    if parts.others:
        form = "LoKr" if parts.others[0][0] == "LoKr" else "LoHa"
    elif "magnitude" in parts.entries:
        form = "DoRA"
    problem = _problem(form, parts)
    sizes = None if problem or a is None or b is None else factor_shapes(a.shape, b.shape)
    if sizes is None and not problem and a is not None and b is not None:
        problem = f"the factors {_shape(a)} and {_shape(b)} do not fit each other"
    base = next((by_name[n] for form_ in _BASES if (n := form_.format(parts.at)) in by_name), None)
    known: float | None = None
    by, root = (alpha.path if alpha is not None else ""), False
    if alpha is None and setting is not None and form in ("LoRA", "DoRA"):
        ends = [end for end in setting.exceptions if f".{parts.at}".endswith(f".{end}")]
        known = setting.exceptions[max(ends, key=len)] if ends else setting.alpha
        by, root = setting.path, setting.root
    rank = sizes[1] if sizes else None
    scale = 1.0
    if known is not None and rank:
        scale = known / (rank**0.5 if root else rank)
    return Adapter(
        form=form,
        name=parts.name,
        target=parts.at,
        tensors=tuple(entry.path for entry in parts.all),
        a=a.path if a is not None else None,
        b=b.path if b is not None else None,
        shape=(sizes[0], sizes[2]) if sizes else None,
        rank=rank,
        parameters=sum(entry.numel for what, entry in parts.entries.items() if what != "alpha")
        + sum(entry.numel for _, entry in parts.others),
        alpha=known,
        scale=scale,
        scaled_by=by,
        base=base,
        problem=problem,
    )


def factor_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(out, rank, in) of the product of the factors, kernels laid flat; None where they do not fit.

    Of a convolution's factors only one has a kernel, and its places count as inputs or outputs."""
    if len(a) < 2 or len(b) < 2 or a[0] != b[1] or (prod(a[2:]) > 1 and prod(b[2:]) > 1):
        return None
    return b[0] * prod(b[2:]), a[0], a[1] * prod(a[2:])


def _problem(form: AdapterForm, parts: _Parts) -> str:
    if form in ("LoHa", "LoKr"):
        return f"a {form}, whose product is not computed"
    if "mid" in parts.entries:
        return "three factors (a core between the two), whose product is not computed"
    missing = [name for key, name in (("a", "A"), ("b", "B")) if key not in parts.entries]
    return f"without its factor {' and '.join(missing)}" if missing else ""


def _shape(entry: Entry) -> str:
    return "(" + ", ".join(map(str, entry.shape)) + ")"


def _setting(tree: Outline) -> _Setting | None:
    """The one configuration that tells alpha; None where there is none or several differ."""
    found: dict[float, _Setting] = {}
    for path, options in _options(tree):
        for key in _ALPHAS:
            alpha = _number(options.get(key))
            if alpha is None:
                continue
            pattern = options.get("alpha_pattern")
            exceptions = {
                end: number
                for end, value in (pattern.items() if isinstance(pattern, dict) else ())
                if isinstance(end, str) and (number := _number(value)) is not None
            }
            root = options.get("use_rslora") is True
            found.setdefault(
                alpha, _Setting(f"{path}.{key}" if path else key, alpha, exceptions, root=root)
            )
    return next(iter(found.values())) if len(found) == 1 else None


def _options(tree: Outline) -> Iterator[tuple[str, Mapping[object, object]]]:
    """Mappings of settings with their paths; diffusers keeps its own as JSON in the metadata."""
    for place in tree.places:
        value = place.value.state if isinstance(place.value, Record) else place.value
        if not isinstance(value, dict):
            continue
        yield place.path, value
        packed = value.get("lora_adapter_metadata")
        if isinstance(packed, str) and len(packed) <= _LONGEST_METADATA:
            try:
                inner = json.loads(packed)
            except (ValueError, RecursionError):
                continue
            if isinstance(inner, dict):
                # Its keys are those of peft behind the name of the network they are for.
                own: dict[object, object] = {
                    str(key).rpartition(".")[2]: item for key, item in inner.items()
                }
                yield f"{place.path}.lora_adapter_metadata" if place.path else "lora_adapter_metadata", own


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if is_number(value) else None
