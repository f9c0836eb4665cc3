"""The sentence that says what the file is: the family where one was recognised, else layer kinds and counts."""

from collections import Counter
from collections.abc import Sequence

from pthreport.anatomy.kinds import CONVOLUTIONS, RECURRENT
from pthreport.document import Fact, Family, Model, Optimizer
from pthreport.document.numbers import plural
from pthreport.document.text import cut

_VOWELS = ("A", "E", "I", "O", "a", "e", "i", "o", "LSTM", "RNN", "SE-", "XLM")
"""How names begin that are spoken with a vowel first."""

_LONGEST_NAME = 60
"""Characters of a module's name in the sentence; it comes from the file."""


def sentence(
    models: Sequence[Model],
    optimizers: Sequence[Optimizer],
    counters: Sequence[Fact],
    dtypes: Counter[str],
    tensors: int,
) -> str:
    """One sentence: kind of network, parameters, types, what was saved with it.

    `dtypes` counts elements of the models' tensors by type.
    """
    if not models:
        if tensors:
            return f"{plural(tensors, 'tensor')} without the names of a model"
        return "No tensor: plain values and objects only"
    main = max(models, key=lambda m: m.parameters)
    raw = [m for m in models if m.role != "ema"] or list(models)
    network = _network(main) if main.family is None else of_family(main.family)
    size = plural(main.parameters, "parameter", short=True)
    if len(models) == 1:
        words = f"{network}{', ' if main.family is None else ': '}{size}"
    else:
        count = _number(len(models)).capitalize()
        words = f"{count} models, the largest {network[0].lower()}{network[1:]} with {size}"
    if dtypes:
        total = sum(dtypes.values())
        common, amount = dtypes.most_common(1)[0]
        words += f" in {common}" + ("" if amount > 0.98 * total else " and other types")
    if main.family is not None:
        words += "".join(f", {said}" for said in ends(main.family))
    if len(raw) < len(models):
        words += ", with a moving average beside the raw weights"
    if optimizers:
        words += f", saved with its {optimizers[0].kind} state"
    epoch = next(
        (
            f
            for f in counters
            if f.name.rpartition(".")[2].casefold() in ("epoch", "last_epoch", "current_epoch")
        ),
        None,
    )
    step = next((f for f in counters if "step" in f.name.casefold() or "iter" in f.name.casefold()), None)
    if epoch is not None:
        words += f" at epoch {epoch.value}"
    elif step is not None:
        words += f" at step {step.value}"
    return words


def of_family(family: Family) -> str:
    """What the model, or most of it, is and from what that was concluded."""
    article = "An" if family.variant.startswith(_VOWELS) else "A"
    name = f"{article} {family.variant}"
    if family.at:
        name = (
            f"A model whose largest part, {cut(family.at, _LONGEST_NAME)}, is {name[0].lower()}{name[1:]}"
        )
    return f"{name} ({family.basis} from {family.evidence})"


def ends(family: Family) -> list[str]:
    """What its tables and ends tell, in words."""
    facts = family.facts
    said = [
        plural(int(facts[key]), *words)
        for key, *words in (
            ("classes", "class", "classes"),
            ("outputs", "output"),
            ("input channels", "input channel"),
        )
        if facts.get(key, "").isdecimal()
    ]
    if "vocabulary" in facts:
        said.append(f"a vocabulary of {int(facts['vocabulary']):,}")
    if facts.get("heads", "").isdecimal():
        said.append(f"{plural(int(facts['heads']), 'head')} ({facts['heads known by']})")
    return said


def _network(model: Model) -> str:
    if 2 * sum(adapter.parameters for adapter in model.adapters) > model.parameters:
        forms = sorted({adapter.form for adapter in model.adapters})
        ranks = sorted({adapter.rank for adapter in model.adapters if adapter.rank is not None})
        of_rank = f" of rank {ranks[0]}" + (f" to {ranks[-1]}" if len(ranks) > 1 else "") if ranks else ""
        changed = len({adapter.target for adapter in model.adapters})
        return f"A low-rank adapter ({' and '.join(forms)}{of_rank} for {plural(changed, 'layer')})"
    kinds = Counter(layer.kind for layer in model.layer_list)
    convolutions = sum(kinds[k] for k in CONVOLUTIONS)
    recurrent = sum(kinds[k] for k in RECURRENT)
    attention = kinds["attention"]
    linear = kinds["linear"]
    counted = []
    if attention:
        name = (
            "A transformer"
            if not convolutions or attention > convolutions
            else "A network of convolutions and attention"
        )
        counted = [(attention, "attention projection")]
    elif convolutions and convolutions >= recurrent:
        name = "A convolutional network"
        counted = [(convolutions, "convolution")]
        if recurrent:
            counted.append((recurrent, "recurrent layer"))
    elif recurrent:
        name = "A recurrent network"
        counted = [(recurrent, "recurrent layer")]
    elif linear:
        name = "A network of linear layers"
        counted = [(linear, "linear layer")]
    else:
        return "A model"
    if linear and name not in ("A network of linear layers",):
        counted.append((linear, "linear layer"))
    return f"{name} ({', '.join(plural(n, what) for n, what in counted)})"


def _number(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else f"{number:,}"
