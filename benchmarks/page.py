"""The page of ten thousand tensors in a real browser, beside a page that renders every row.

    python -m benchmarks.page [--repeat 5]

Both are made from the same report of the same file (made from a seed) and opened in the same headless
Chromium, turn by turn, each in a browser of its own. Measured, the least of each counting:

- painted: from the start of loading to the second frame after the load event;
- sorts, filters: from the click or the key to the frame that shows the outcome, with the table in sight;
  the slowest of each page's actions;
- tab: private memory (RssAnon of /proc) of the renderer, after all of this.

The other page is what a template with a loop gives: a table row of ten cells and a small histogram for each
layer, sorted and filtered by a few lines of script on its own cells.
"""

import argparse
import html
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.render.browser import chromium, emulate

HERE = Path(__file__).resolve().parent
BLOCKS, LARGEST = 1250, 5_000_000
PAINT, ACTION, TAB = 2.0, 0.1, 250e6
"""Seconds, seconds and bytes that are asked of our page; `LARGEST` bytes of the file."""

SETTLED = """
const done = arguments[0];
const said = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
document.readyState === "complete" ? said() : addEventListener("load", said);
"""
ACT = """
const [selector, text, done] = arguments;
const found = Array.from(document.querySelectorAll(selector)).find(one => one.tagName === "INPUT" || one.textContent === text);
if (found.tagName === "INPUT") found.focus({preventScroll: true});  // the cursor is there before the key
const start = performance.now();
if (found.tagName === "INPUT") { found.value = text || ""; found.dispatchEvent(new Event("input")); } else found.click();
requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = () => done(performance.now() - start);
  channel.port2.postMessage(null); });
"""


@dataclass(frozen=True)
class Cost:
    """Bytes of the file, elements of the page, seconds, bytes of memory."""

    size: int
    elements: int
    painted: float
    sorts: float
    filters: float
    tab: int


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Eight small tensors a block."""
    for block in range(BLOCKS):
        for name, shape in (
            ("attn.qkv.weight", (24, 8)),
            ("attn.qkv.bias", (24,)),
            ("attn.proj.weight", (8, 8)),
            ("norm.weight", (8,)),
            ("norm.bias", (8,)),
            ("mlp.fc1.weight", (16, 8)),
            ("mlp.fc2.weight", (8, 16)),
            ("conv.weight", (4, 4, 3, 3)),
        ):
            yield f"blocks.{block}.{name}", shape


def make_checkpoint(path: Path) -> None:
    """Ten thousand tensors, normal with a spread of 0.05."""
    import torch

    chance = torch.Generator().manual_seed(0)
    torch.save({name: torch.randn(shape, generator=chance) * 0.05 for name, shape in shapes()}, path)


def every_row(report_json: Path) -> str:
    """The page with a row for every layer."""
    from pthreport.document import from_json
    from pthreport.draw.histogram import small_histogram

    report = from_json(report_json.read_bytes())
    tensors = {tensor.path: tensor for tensor in report.tensors}
    rows = []
    for layer in (layer for model in report.models for layer in model.layer_list):
        main = tensors[layer.weight or ""]
        figures = main.statistics
        assert figures is not None
        assert main.histogram is not None
        measured = (figures.mean, figures.std, figures.min, figures.max, figures.zeros)
        cells = [html.escape(layer.name), layer.kind, str(main.shape), main.dtype, str(layer.parameters)]
        cells += [
            small_histogram(main.histogram, ""),
            *(f"{item:.3g}" for item in measured if item is not None),
        ]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    heads = (
        "Layer",
        "Kind",
        "Shape",
        "Type",
        "Parameters",
        "Distribution",
        "Mean",
        "Std",
        "Min",
        "Max",
        "Zeros",
    )
    return f"""<!DOCTYPE html><meta charset="utf-8"><title>every row</title>
<style>body {{ font: 14px sans-serif }} td {{ padding: 4px 8px; border-bottom: 1px solid #ddd }} svg {{ width: 88px; height: 20px }}</style>
<input id="filter"><table id="layers"><thead><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr></thead><tbody>{"".join(rows)}</tbody></table>
<script>
const body = document.querySelector("tbody"), rows = Array.from(body.rows);
document.querySelectorAll("th").forEach((head, column) => head.onclick = () => {{
  const key = row => {{ const text = row.cells[column].textContent; return isNaN(text) ? text : Number(text); }};
  rows.sort((one, other) => key(one) < key(other) ? -1 : 1).forEach(row => body.appendChild(row));
}});
document.querySelector("#filter").oninput = event => rows.forEach(row => {{
  row.style.display = row.textContent.includes(event.target.value) ? "" : "none";
}});
</script>"""


def measure(page: Path, heads: str, field: str) -> Cost:
    """One page in a browser of its own; `heads` and `field` select what sorts and what filters."""
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as driver:
        driver.set_script_timeout(120)
        emulate(driver)
        driver.get(page.as_uri())
        painted = driver.execute_async_script(SETTLED) / 1000
        elements = driver.execute_script("return document.getElementsByTagName('*').length")
        driver.execute_script("document.getElementById('layers').scrollIntoView()")
        driver.execute_async_script(SETTLED)

        def slowest(*actions: tuple[str, str | None]) -> float:
            return max(float(driver.execute_async_script(ACT, *action)) for action in actions) / 1000

        filters = slowest((field, "attn"), (field, "7"), (field, "nothing"), (field, ""))
        sorts = slowest((heads, "Parameters"), (heads, "Mean"), (heads, "Layer"), (heads, "Std"))
        return Cost(page.stat().st_size, elements, painted, sorts, filters, _renderer(driver))


def _renderer(driver: Any) -> int:
    """Private memory of the largest renderer below the driver: ours, the others are spare ones."""
    parents: dict[int, int] = {}
    memory: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
            )
            parents[int(folder.name)] = int(status["PPid"])
            if "--type=renderer" in (folder / "cmdline").read_text():
                memory[int(folder.name)] = int(status["RssAnon"].split()[0]) * 1024
        except (OSError, KeyError, ValueError):
            continue

    def below(process: int) -> bool:
        while process > 1 and process != driver.service.process.pid:
            process = parents.get(process, 0)
        return process > 1

    return max(bytes_ for process, bytes_ in memory.items() if below(process))


def least(costs: list[Cost]) -> Cost:
    """The least of each figure: what disturbs a run only adds."""
    return Cost(*(min(getattr(cost, name) for cost in costs) for name in Cost.__dataclass_fields__))


def row(name: str, cost: Cost) -> str:
    return (
        f"| {name} | {cost.size / 1e6:.1f} | {cost.elements:,} | {cost.painted:.2f} | {cost.sorts * 1000:.0f} "
        f"| {cost.filters * 1000:.0f} | {cost.tab / 1e6:.0f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="The page in a browser.")
    parser.add_argument(
        "--repeat", type=int, default=5, help="browsers for each page; the least counts (5)"
    )
    repeat = parser.parse_args().repeat
    work = HERE / "work"
    work.mkdir(exist_ok=True)
    checkpoint, ours, theirs = (
        work / "many_tensors.pth",
        work / "many_tensors.html",
        work / "every_row.html",
    )
    if not checkpoint.exists():
        make_checkpoint(checkpoint)
    outputs = ["-o", str(ours), "-o", str(ours.with_suffix(".json"))]
    subprocess.run([sys.executable, "-m", "pthreport", str(checkpoint), *outputs, "--quiet"], check=True)
    theirs.write_text(every_row(ours.with_suffix(".json")), encoding="utf-8")
    here, there = [], []
    for turn in range(repeat):
        print(f"  {turn + 1} of {repeat}", file=sys.stderr, flush=True)
        here.append(measure(ours, "#layers-table thead [role=button]", "[data-for=layers-table] input"))
        there.append(measure(theirs, "th", "#filter"))
    cost, other = least(here), least(there)
    print("| page | MB | elements | painted s | sorts ms | filters ms | tab MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    print(row("pthreport", cost))
    print(row("a row for every layer", other))
    asked = (
        ("the file", cost.size, LARGEST),
        ("painting", cost.painted, PAINT),
        ("sorting", cost.sorts, ACTION),
        ("filtering", cost.filters, ACTION),
        ("the tab", cost.tab, TAB),
    )
    for what, found, limit in asked:
        print(f"- {'met' if found <= limit else 'MISSED'}: {what} at most {limit:g}; it is {found:.3g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
