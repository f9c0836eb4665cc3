"""One model: its module tree with shares, its parameter budget, its depth strip."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from pthreport.document import Amount, Layer, Model, Module, Report, numbers
from pthreport.draw import bars
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.classes import ClassView, classes
from pthreport.render.page.index import Index, captions_of, layer_key
from pthreport.render.page.kinds import FAMILY_WORDS, family
from pthreport.render.page.levels import ORDER, Level
from pthreport.render.page.strip import StripView, strip_view
from pthreport.render.page.text import plain

MOST_OPEN = 40
MOST_IN_RAIL = 160
THINNEST, THICK_ENOUGH = 1 / 500, 1 / 16
"""Shares of the budget's width: what is thinner is drawn with its neighbours, until they are as wide as this."""


@dataclass
class ModuleView:
    """One node of the tree: its share of the model's parameters, where it leads, its worst finding."""

    module: Module
    kind: str
    family: str
    share: float
    bar: Markup
    anchor: str | None
    worst: Level | None = None
    children: list["ModuleView"] = field(default_factory=list)
    open: bool = False
    left_out: int = 0


@dataclass(frozen=True)
class BudgetLine:
    """One sort's part of the budget, with its share of the whole."""

    name: str
    amount: Amount
    share: float
    bar: Markup


@dataclass(frozen=True)
class ModelView:
    """Everything the page says of one model as a whole."""

    model: Model
    heading: str
    anchor: str
    tree: tuple[ModuleView, ...]
    modules_left_out: int
    kinds: tuple[BudgetLine, ...]
    dtypes: tuple[BudgetLine, ...]
    budget: Markup
    budget_sentence: str
    families: tuple[tuple[str, str], ...]
    strip: StripView | None
    rail: tuple[ModuleView, ...]
    classes: tuple[ClassView, ...]


def models(
    report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE
) -> tuple[ModelView, ...]:
    """The first models of `report`; `has` are the anchors of the rows on the page."""
    shown = min(len(report.models), bounds.models)
    return tuple(_model(report, number, index, has, bounds) for number in range(shown))


def _model(report: Report, number: int, index: Index, has: frozenset[str], bounds: Bounds) -> ModelView:
    model = report.models[number]
    tree, left_out = _tree(model, index, has, bounds.modules)
    lines = _budget_lines(model)
    drawn = [_gathered(line, model) for line in lines]
    said = captions_of(report, model).parameters
    used = {family(layer.kind) for layer in model.layer_list if layer.parameters}
    return ModelView(
        model=model,
        heading=plain(model.label or model.key or "Model") if len(report.models) > 1 else "Model",
        anchor="model" if number == 0 else f"model-{number + 1}",
        tree=tree,
        modules_left_out=left_out,
        kinds=_lines(model.by_kind, lambda amount: amount.parameters, model.parameters),
        dtypes=_lines(model.by_dtype, lambda amount: amount.bytes, model.bytes),
        budget=Markup(bars.budget(drawn, f"Where the parameters are. {said}")),
        budget_sentence=said + " Neighbours too thin to be seen are drawn as one." * (drawn != lines),
        families=tuple(pair for pair in FAMILY_WORDS.items() if pair[0] in used),
        strip=strip_view(report, model, index, has),
        rail=_rail(tree),
        classes=classes(report, model, bounds),
    )


def _tree(model: Model, index: Index, has: frozenset[str], most: int) -> tuple[tuple[ModuleView, ...], int]:
    """The module tree, bounded: parents come before children, so a bounded head keeps whole paths."""
    layers = {layer.name: layer for layer in model.layer_list}
    shown = sorted(model.modules, key=lambda module: module.depth)[:most]
    kept = {module.name for module in shown}
    top: list[ModuleView] = []
    path: list[ModuleView] = []
    for module in model.modules:
        if module.name not in kept:
            continue
        view = _module(module, layers.get(module.name), model, index, has)
        while path and path[-1].module.depth >= module.depth:
            path.pop()
        (path[-1].children if path else top).append(view)
        path.append(view)
    for view in top:
        _roll_up(view)
    first = top[0] if len(top) == 1 else None
    while first is not None:
        first.open = len(first.children) <= MOST_OPEN
        first = first.children[0] if len(first.children) == 1 else None
    return tuple(top), len(model.modules) - len(kept)


def _module(
    module: Module, layer: Layer | None, model: Model, index: Index, has: frozenset[str]
) -> ModuleView:
    key = layer_key(model, layer) if layer else None
    anchor = index.layer_anchors[key] if key else None
    share = module.parameters / model.parameters if model.parameters else 0.0
    return ModuleView(
        module=module,
        kind=layer.kind if layer else "",
        family=family(layer.kind) if layer else "",
        share=share,
        bar=Markup(bars.share_bar(share)),
        anchor=anchor if anchor in has else None,
        worst=index.worst(key) if key else None,
    )


def _roll_up(view: ModuleView) -> Level | None:
    """A folded node shows the worst finding of anything below it."""
    found = [level for level in (view.worst, *(_roll_up(child) for child in view.children)) if level]
    view.worst = min(found, key=ORDER.index) if found else None
    return view.worst


def _rail(tree: tuple[ModuleView, ...]) -> tuple[ModuleView, ...]:
    """The tree for the rail: without a nameless root, empty where even its first level is too long."""
    nodes = tree
    while len(nodes) == 1 and nodes[0].children:
        nodes = tuple(nodes[0].children)
    return nodes if len(nodes) <= MOST_IN_RAIL else ()


def _lines(
    amounts: Mapping[str, Amount], share: Callable[[Amount], int], whole: int
) -> tuple[BudgetLine, ...]:
    """The lines of one table; none where there is only one sort."""
    return tuple(
        BudgetLine(name, amount, part, Markup(bars.share_bar(part)))
        for name, amount in amounts.items()
        for part in [share(amount) / whole if whole else 0.0]
        if len(amounts) > 1
    )


def _budget_lines(model: Model) -> list[list[bars.Segment]]:
    """The blocks, and above them the layers, both in model order."""
    names = [name for name, amount in model.by_depth.items() if amount.parameters]
    blocks = [
        bars.Segment(
            model.by_depth[name].parameters,
            "block",
            plain(_last(name), 40),
            _note(name, model.by_depth[name].parameters, model),
        )
        for name in names
    ]
    # Grouped as the blocks are, so that both lines run alike where a name returns later on.
    inside: dict[str, list[bars.Segment]] = {name: [] for name in names}
    sizes = _own_parameters(model)
    for layer in model.layer_list:
        block = _block(layer.name, model.by_depth)
        if size := sizes.get(layer.name, 0):
            label = plain(layer.name.removeprefix(block).lstrip(".") or layer.name, 40)
            note = _note(layer.name, size, model)
            inside.setdefault(block, []).append(bars.Segment(size, family(layer.kind), label, note))
    fine = [segment for segments in inside.values() for segment in segments]
    if len(blocks) == len(fine):
        return [fine]
    return [blocks, fine] if blocks else []


def _gathered(segments: list[bars.Segment], model: Model) -> list[bars.Segment]:
    """Neighbours that are each too thin to be seen as one, in the colour of most of their parameters."""
    runs: list[list[bars.Segment]] = []
    room = 0.0
    for segment in segments:
        thin = segment.size < THINNEST * model.parameters
        if thin and room > 0:
            runs[-1].append(segment)
        else:
            runs.append([segment])
            room = THICK_ENOUGH * model.parameters if thin else 0.0
        room -= segment.size
    return [run[0] if len(run) == 1 else _together(run, model) for run in runs]


def _together(run: list[bars.Segment], model: Model) -> bars.Segment:
    sizes: Counter[str] = Counter()
    for segment in run:
        sizes[segment.family] += segment.size
    size = sizes.total()
    first, last = (run[at].note.partition("\n")[0] for at in (0, -1))
    return bars.Segment(
        size,
        sizes.most_common(1)[0][0],
        numbers.plural(len(run), "block" if run[0].family == "block" else "layer"),
        f"{first} … {last}\n{_of_all(size, model)}",
    )


def _last(name: str) -> str:
    """The end of a module's name: its last part, and the list's name before a mere number."""
    parts = name.split(".")
    return ".".join(parts[-2:] if parts[-1].isdecimal() else parts[-1:]) or "(root)"


def _block(name: str, blocks: Mapping[str, Amount]) -> str:
    """The block that the layer `name` lies in; its own name where it lies in none."""
    above = name
    while above not in blocks:
        if not above:
            return name
        above = above.rpartition(".")[0]
    return above


def _own_parameters(model: Model) -> dict[str, int]:
    """Each module's parameters without those of the modules in it; tied ones where they first stand."""
    own: dict[str, int] = {}
    path: list[Module] = []
    for module in model.modules:
        while path and path[-1].depth >= module.depth:
            path.pop()
        own[module.name] = module.parameters
        if path:
            own[path[-1].name] -= module.parameters
        path.append(module)
    return own


def _note(name: str, size: int, model: Model) -> str:
    return f"{plain(name)}\n{_of_all(size, model)}"


def _of_all(size: int, model: Model) -> str:
    share = size / model.parameters if model.parameters else 0.0
    return f"{numbers.plural(size, 'parameter')}, {numbers.percent(share)}"
