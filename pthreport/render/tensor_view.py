"""One tensor on the terminal (`--show`): what it is, its figures, a histogram, an excerpt."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pthreport.document import Histogram, TensorRecord, numbers
from pthreport.document.text import cut_sentence, visible

BAR = 40


def print_tensor(record: TensorRecord, layer: str, console: Console) -> None:
    """Print all that is known of `record`, which belongs to `layer` (words, "" for none)."""
    console.print(Text(visible(record.path, 200), style="bold"))
    words = [
        numbers.shape(record.shape),
        record.dtype,
        numbers.plural(record.numel, "element"),
        numbers.size(record.nbytes),
        record.role,
    ]
    if layer:
        words.append(layer)
    if record.location:
        words.append(f"saved from {visible(record.location, 40)}")
    if not record.contiguous:
        words.append("not contiguous")
    if record.shares_storage_with:
        words.append(f"shares its storage with {visible(record.shares_storage_with, 100)}")
    console.print(Text(" · ".join(words)))
    for note in record.notes:
        console.print(Text(visible(cut_sentence(note, 200)), style="dim"))
    if record.status == "skipped":
        console.print(
            Text(f"not measured: {visible(cut_sentence(record.reason or '', 300))}", style="yellow")
        )
    if record.statistics is not None:
        _print_statistics(record, console)
    if record.histogram is not None and any(record.histogram.counts):
        console.print()
        _print_histogram(record.histogram, console)
    if record.excerpt is not None and record.excerpt.rows:
        console.print()
        console.print(
            Text(
                f"values {record.excerpt.index}" + (" (an excerpt)" if record.excerpt.cut else ""),
                style="dim",
            )
        )
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        for _ in record.excerpt.rows[0]:
            table.add_column(justify="right", no_wrap=True)
        for row in record.excerpt.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)


def _print_statistics(record: TensorRecord, console: Console) -> None:
    s = record.statistics
    assert s is not None
    if s.of != "values":
        console.print(Text(f"statistics of the {s.of}", style="dim"))
    figures = [
        ("mean", s.mean), ("std", s.std), ("min", s.min), ("max", s.max), ("rms", s.rms), ("L1", s.l1), ("L2", s.l2),
        ("skewness", s.skewness), ("kurtosis", s.kurtosis),
    ]  # fmt: skip
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(6):
        table.add_column(no_wrap=True)
    cells = [(Text(name, style="dim"), Text(numbers.value(figure, 6))) for name, figure in figures]
    counted = (("zeros", s.zeros), ("NaN", s.nan), ("infinite", s.posinf + s.neginf))
    cells += [(Text(name, style="dim"), Text(f"{count:,}")) for name, count in counted]
    for start in range(0, len(cells), 3):
        table.add_row(*(cell for pair in cells[start : start + 3] for cell in pair))
    console.print(table)
    if s.quantiles:
        shown = "  ".join(f"{float(q):.3g}: {numbers.value(v, 4)}" for q, v in s.quantiles.items())
        bound = "exact" if s.exact else f"within {s.quantile_error:.2g} relative"
        console.print(Text.assemble((f"quantiles ({bound})  ", "dim"), shown))


def _print_histogram(histogram: Histogram, console: Console) -> None:
    counts = histogram.counts
    step = max(1, len(counts) // 16)
    width = (histogram.high - histogram.low) / len(counts)
    sums = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
    top = max(sums)
    for i, total in enumerate(sums):
        low = histogram.low + i * step * width
        bar = "█" * round(BAR * total / top) if top else ""
        if total and not bar:
            bar = "▏"
        console.print(Text.assemble((f"{numbers.value(low):>10} ", "dim"), bar.ljust(BAR), f" {total:,}"))
