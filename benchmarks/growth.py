"""How time and memory grow with a checkpoint: over its bytes, and over its tensors.

    python -m benchmarks.growth [--sizes 0.1,0.5,1,2,4] [--tensors 100,1000,10000] [--six] [--repeat 3] [--write]

Whole processes of `pthreport FILE -o report.html`, as in `python -m benchmarks`; each size in turn, then all
again, the least of each figure counts. The files are made from a seed just before they are measured and
removed afterwards, so that one at a time takes room. `--six` adds 6 GB of bfloat16 in the shapes of a language
model, of which at most 1 GB may be resident. `--write` puts the table and the picture (growth.svg) beside the README.

A straight line means: the least squares line through the points explains at least 99 % of the spread of
time. Flat means: the largest file takes at most 1.1 times the memory of the one before it, or, over the number of
tensors, 40 KB more for each (a report tells something of each). The smallest file may take more than the next: all
its spectra are exact, where those of larger files are estimated.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.__main__ import README, machine
from benchmarks.process import Cost, ProcessError, least, run
from benchmarks.table import put

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "growth.svg"

SIDE = 2048
EMBEDDING = (128_256, 4096)
LLAMA = {
    "self_attn.q_proj": (4096, 4096),
    "self_attn.k_proj": (1024, 4096),
    "self_attn.v_proj": (1024, 4096),
    "self_attn.o_proj": (4096, 4096),
    "mlp.gate_proj": (14_336, 4096),
    "mlp.up_proj": (14_336, 4096),
    "mlp.down_proj": (4096, 14_336),
}
STRAIGHT = 0.99
FLAT = 1.1
BYTES_PER_TENSOR = 40e3
SIX_LIMIT = 1e9


@dataclass(frozen=True)
class Point:
    """One file: what it is called, its GB and tensors, and what a report of it cost."""

    name: str
    gigabytes: float
    tensors: int
    cost: Cost


def write_sized(path: Path, gigabytes: float) -> int:
    """A checkpoint of so many GB in float32 matrices of 2048 x 2048, by fours a block; the number of
    tensors."""
    import torch

    random = torch.Generator().manual_seed(7)
    # Values of the same distribution in each matrix, of which only one set is made: rolled by some rows.
    values = torch.randn(SIDE, SIDE, generator=random) * 0.02
    count = max(1, round(gigabytes * 1e9 / (values.numel() * values.element_size())))
    names = ("q_proj", "k_proj", "v_proj", "fc")
    torch.save(
        {f"blocks.{n // 4}.{names[n % 4]}.weight": values.roll(n + 1, 0) for n in range(count)}, path
    )
    return count


def write_many(path: Path, tensors: int) -> None:
    """A checkpoint of so many tensors, a weight of 64 x 64 and a bias in turn."""
    import torch

    random = torch.Generator().manual_seed(8)
    weights = {}
    for n in range(tensors // 2):
        weights[f"blocks.{n}.fc.weight"] = torch.randn(64, 64, generator=random) * 0.02
        weights[f"blocks.{n}.fc.bias"] = torch.zeros(64)
    torch.save(weights, path)


def write_language_model(path: Path, gigabytes: float) -> int:
    """A safetensors file of about so many GB of bfloat16 in the shapes of Llama 3 8B's first blocks, written
    piece by piece; the number of tensors."""
    import numpy as np

    shapes = {"model.embed_tokens.weight": EMBEDDING}
    each = sum(math.prod(shape) for shape in LLAMA.values())
    for block in range(round((gigabytes * 1e9 / 2 - math.prod(EMBEDDING)) / each)):
        name = f"model.layers.{block}"
        for part, shape in LLAMA.items():
            shapes[f"{name}.{part}.weight"] = shape
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    random = np.random.default_rng(9)
    # The same values in each tensor, begun elsewhere: the upper half of float32 is bfloat16.
    drawn = random.standard_normal(1 << 25, np.float32) * np.float32(0.02)
    values = (drawn.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        left = end
        while left:
            at = 2 * int(random.integers(0, 1 << 20))
            left -= file.write(values[at : at + left])
    return len(shapes)


def make(path: Path, *what: str) -> int:
    """Write a file in a process of its own, since a parent's peak shows in its children's; the number of
    its tensors."""
    command = [sys.executable, "-m", "benchmarks.growth", "--make", str(path), *what]
    done = subprocess.run(command, check=True, cwd=HERE.parent, capture_output=True, text=True)
    return int(done.stdout)


def measured(path: Path, repeat: int) -> Cost:
    """The least of each figure over `repeat` reports of the file, which is in the page cache."""
    command = [
        sys.executable,
        "-m",
        "pthreport",
        str(path),
        "-o",
        str(path.with_suffix(".html")),
        "--quiet",
    ]
    warm = [sys.executable, "-m", "benchmarks.floors", "bytes", str(path)]
    run(warm, path.with_suffix(".log"), cwd=HERE.parent)
    return least([run(command, path.with_suffix(".log"), cwd=HERE.parent) for _ in range(repeat)])


def points(cases: Sequence[tuple[str, Sequence[str]]], work: Path, repeat: int) -> list[Point]:
    """Each case's file made, measured and removed."""
    found = []
    for name, what in cases:
        path = work / "growth.pth"
        try:
            tensors = make(path, *what)
            print(f"  {name} ...", file=sys.stderr, flush=True)
            found.append(Point(name, path.stat().st_size / 1e9, tensors, measured(path, repeat)))
        except ProcessError as error:
            print(f"  failed: {error}", file=sys.stderr)
        finally:
            for ending in (".pth", ".html", ".log"):
                path.with_suffix(ending).unlink(missing_ok=True)
    return found


def line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float, float]:
    """Slope and intercept of the least squares line, and the share of the spread it explains."""
    n = len(xs)
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    intercept = mean_y - slope * mean_x
    left = sum((y - slope * x - intercept) ** 2 for x, y in zip(xs, ys, strict=True))
    total = sum((y - mean_y) ** 2 for y in ys)
    return slope, intercept, 1 - left / total if total else 1.0


def table(found: Sequence[Point]) -> list[str]:
    """One row a file."""
    return [
        "| file | GB | tensors | wall s | cpu s | peak MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {p.name} | {p.gigabytes:.2f} | {p.tensors:,} | {p.cost.wall:.2f} | {p.cost.cpu:.2f} "
            f"| {p.cost.rss / 1e6:.0f} |"
            for p in found
        ),
    ]


def verdicts(found: Sequence[Point], of: Callable[[Point], float], unit: str) -> list[str]:
    """Whether time is a straight line over `of`, and memory flat."""
    if len(found) < 3:
        return []
    xs = [of(point) for point in found]
    slope, intercept, share = line(xs, [point.cost.cpu for point in found])
    said = (
        f"- {_met(share >= STRAIGHT)}: time is a straight line, {intercept:.2f} s and {slope:.3g} s {unit} of the "
        f"processor; it explains {share:.2%} of the spread"
    )
    if unit == "a GB":
        before, last = found[-2:]
        ratio = last.cost.rss / before.cost.rss
        flat = f"{last.name} take at most {FLAT} times the memory of {before.name}; it is {ratio:.2f}"
        return [said, f"- {_met(ratio <= FLAT)}: {flat}"]
    each = line(xs, [point.cost.rss for point in found])[0]
    return [
        said,
        f"- {_met(each <= BYTES_PER_TENSOR)}: memory grows by at most {BYTES_PER_TENSOR / 1e3:.0f} KB a tensor; by "
        f"{each / 1e3:.1f}",
    ]


def _met(yes: bool) -> str:
    return "met" if yes else "MISSED"


def draw(results: Path, picture: Path) -> None:
    """Time and memory over GB and over tensors. The picture's bytes depend on the figures alone."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "growth", "svg.fonttype": "none", "font.family": "sans-serif"}
    )
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(8, 5), layout="constrained")
    data = json.loads(results.read_text())
    for column, (key, words) in enumerate((("gigabytes", "GB"), ("tensors", "tensors"))):
        xs = [point[key] for point in data[key]]
        for row, (what, label) in enumerate((("cpu", "s of the processor"), ("rss", "peak MB"))):
            ys = [point[what] / (1e6 if what == "rss" else 1) for point in data[key]]
            axes[row][column].plot(xs, ys, "o-", color="#4e79a7")
            axes[row][column].set(xlabel=words, ylabel=label, ylim=(0, 1.15 * max(ys, default=1)))
            axes[row][column].set_xlim(left=0)
    figure.savefig(picture, metadata={"Date": None})


def main() -> int:
    """0; a missed target is printed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", default="0.1,0.5,1,2,4", help="GB of float32, comma between")
    parser.add_argument("--tensors", default="100,1000,10000")
    parser.add_argument("--six", action="store_true", help="also 6 GB of bfloat16")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the least counts (3)")
    parser.add_argument("--write", action="store_true", help="put table and picture beside the README")
    parser.add_argument("--make", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--draw", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        path, kind, *rest = given.make
        if kind == "tensors":
            write_many(Path(path), int(rest[0]))
            print(int(rest[0]) // 2 * 2)
        else:
            write = {"float32": write_sized, "bfloat16": write_language_model}[kind]
            print(write(Path(path), float(rest[0])))
        return 0
    if given.draw:
        draw(*given.draw)
        return 0
    work = HERE / "work"
    work.mkdir(exist_ok=True)
    sizes = [(f"{size} GB of float32", ("float32", size)) for size in given.sizes.split(",") if size]
    many = [(f"{int(count):,} tensors", ("tensors", count)) for count in given.tensors.split(",") if count]
    by_size, by_count = points(sizes, work, given.repeat), points(many, work, given.repeat)
    lines = [machine(), f"Least of {given.repeat} runs."]
    if by_size:
        lines += ["", *table(by_size), "", *verdicts(by_size, lambda point: point.gigabytes, "a GB")]
    if by_count:
        lines += ["", *table(by_count), "", *verdicts(by_count, lambda point: point.tensors, "a tensor")]
    if given.six:
        six = points([("6 GB of bfloat16", ("bfloat16", "6"))], work, 1)
        lines += ["", *table(six), ""]
        lines += [
            f"- {_met(p.cost.rss <= SIX_LIMIT)}: at most 1,000 MB resident; {p.cost.rss / 1e6:.0f}"
            for p in six
        ]
    text = "\n".join(lines)
    print(text)
    if given.write:
        results = work / "growth.json"
        rows = {
            key: [
                {"gigabytes": p.gigabytes, "tensors": p.tensors, "cpu": p.cost.cpu, "rss": p.cost.rss}
                for p in found
            ]
            for key, found in (("gigabytes", by_size), ("tensors", by_count))
        }
        results.write_text(json.dumps(rows))
        command = [sys.executable, "-m", "benchmarks.growth", "--draw", str(results), str(PICTURE)]
        subprocess.run(command, check=True, cwd=HERE.parent)
        put(README, "growth", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
