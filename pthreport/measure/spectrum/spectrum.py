"""The spectra of one layer: exact where that is affordable, else estimated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite, prod, sqrt
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace

from pthreport.checkpoint.errors import ReadError
from pthreport.document.spectrum import Spectrum
from pthreport.measure.source import Array
from pthreport.measure.spectrum.algebra import NUMPY, Algebra
from pthreport.measure.spectrum.estimated import BRIEF_STEPS, STARTS, STEPS, density
from pthreport.measure.spectrum.figures import estimated_figures, exact_figures, pooled_as, pooled_figures
from pthreport.measure.spectrum.matrices import PANEL, Matrix, Section, SpectrumTask
from pthreport.measure.spectrum.ranks import rounding_noise
from pthreport.measure.spectrum.singular import NonFiniteError, singular_values, slice_values

Depth = Literal["summary", "standard", "full"]

EXACT_COST = 1.0e11
"""`exact_cost` up to which singular values are all computed: about two seconds of one core, where a
2,560 x 2,560 matrix just passes and 4,096 x 4,096 is estimated (in 0.6 s instead of 6 s)."""

MEMORY_BOUND = 10.0
"""What one product of an estimate costs per element and start, in multiplications of a matrix product: it
waits for memory (4,096 x 4,096 takes 0.6 s of one core, and 0.15 s in brief)."""

HELD = 32 * 1024 * 1024
"""Elements of a matrix that is kept in memory (float32, 128 MiB) while it is estimated; a longer one
is read again for every step."""


class BeyondFloatError(Exception):
    """A singular value is larger than float64 can hold."""


@dataclass(frozen=True, slots=True)
class LayerSpectra:
    """What a layer's tensor gave: the whole matrix, its parts, or the `reason` why there is nothing."""

    path: str
    whole: Spectrum | None = None
    parts: tuple[Spectrum, ...] = ()
    reason: str | None = None


def exact_cost(rows: int, columns: int) -> float:
    """Multiplications of a Gram matrix and its eigenvalues, in those of a matrix product: reducing to
    a tridiagonal runs at a fifth of that speed, about."""
    short, long = min(rows, columns), max(rows, columns)
    return float(long) * short**2 + 5.0 * float(short) ** 3


def estimate_cost(rows: int, columns: int, brief: bool) -> float:
    """The same of an estimate."""
    return MEMORY_BOUND * rows * columns * STARTS * (BRIEF_STEPS if brief else STEPS)


def is_exact(rows: int, columns: int, depth: Depth = "standard", brief: bool = False) -> bool:
    """Whether a matrix of that size is computed rather than estimated."""
    if depth == "full":
        return True
    most = min(EXACT_COST, estimate_cost(rows, columns, brief)) if brief else EXACT_COST
    return exact_cost(rows, columns) <= most


def cost(task: SpectrumTask, depth: Depth = "standard") -> float:
    """What `spectra_of` will take, in multiplications of a matrix product; for scheduling."""
    if refusal(task) is not None:
        return 0.0
    total = float(task.tensor.numel)
    matrices = [Matrix(task), *(Matrix(task, section) for section in task.sections)]
    for matrix in matrices:
        exact = is_exact(*matrix.shape, depth, task.brief)
        total += exact_cost(*matrix.shape) if exact else estimate_cost(*matrix.shape, task.brief)
    return total + (_pooled_cost(task) if _pools(task, depth) else 0.0)


def memory(task: SpectrumTask, depth: Depth = "standard") -> int:
    """Bytes that `spectra_of` will hold at a time, about: a Gram matrix, what is added to it or LAPACK's
    copy, and panels; or a matrix that is estimated."""
    if refusal(task) is not None:
        return 0
    most = 4 * task.tensor.numel if task.pooled else 0  # slices are taken from the whole kernel
    for matrix in (Matrix(task), *(Matrix(task, section) for section in task.sections)):
        size = matrix.wide_type.itemsize
        if is_exact(*matrix.shape, depth, task.brief):
            most = max(most, size * (2 * matrix.short**2 + 2 * min(prod(matrix.shape), PANEL)))
        else:
            most = max(most, size * (min(prod(matrix.shape), HELD) // 2 + PANEL))
    return most


def refusal(task: SpectrumTask) -> str | None:
    """Why a task has no spectrum, as far as that is known without its values."""
    tensor = task.tensor
    if len(tensor.shape) < 2:
        return "a vector has no spectrum"
    if tensor.numel == 0:
        return "there are no values"
    if task.kind == "depthwise-conv":
        return "a depthwise kernel is no matrix between channels"
    if tensor.quantization is None and tensor.dtype.kind in ("int", "bool"):
        return f"values of type {tensor.dtype.name} are no weights"
    return None


def spectra_of(
    task: SpectrumTask,
    depth: Depth = "standard",
    cancelled: Callable[[], bool] | None = None,
    algebra: Algebra = NUMPY,
) -> LayerSpectra:
    """The spectra of a task's matrix, of its sections, and of a convolution's kernel slices.

    Whatever cannot be had is absent with its reason; nothing is raised for a bad tensor. The bytes
    of the result depend on the tensor alone where BLAS runs on one thread (`measure_spectra` sees to
    that).
    """
    path = task.tensor.path
    reason = refusal(task)
    if depth == "summary":
        reason = "spectra were not asked for"
    if reason is not None:
        return LayerSpectra(path, reason=reason)
    try:
        with np.errstate(all="ignore"):
            matrix = Matrix(task)
            convolution = _pools(task, depth)
            whole = (
                _convolution(matrix, task, depth, algebra)
                if convolution
                else _spectrum(matrix, depth, algebra)
            )
            parts = []
            for section in task.sections:
                if cancelled is not None and cancelled():
                    break
                parts.append(_spectrum(Matrix(task, section), depth, algebra, section))
            return LayerSpectra(path, whole, tuple(parts))
    except BeyondFloatError:
        return LayerSpectra(path, reason="its largest singular value is beyond float64")
    except NonFiniteError:
        return LayerSpectra(path, reason="some values are not finite")
    except np.linalg.LinAlgError as error:
        return LayerSpectra(path, reason=f"the computation did not converge ({error})")
    except MemoryError:
        return LayerSpectra(path, reason="the computation takes more memory than there is")
    except (ReadError, OSError) as error:
        return LayerSpectra(path, reason=str(error))


def _spectrum(
    matrix: Matrix,
    depth: Depth,
    algebra: Algebra,
    section: Section | None = None,
    gram: Array | None = None,
) -> Spectrum:
    shape = matrix.shape
    name = "" if section is None else section.name
    points = section is None or section.detail == "points"

    threshold = _noise(matrix, shape)
    if not is_exact(*shape, depth, matrix.brief):
        return _estimated(matrix, threshold, name, points, algebra)
    values = singular_values(
        matrix.panels, shape, double=matrix.double, threshold=threshold, gram=gram, algebra=algebra
    )
    if values.size and not isfinite(values[0]):
        raise BeyondFloatError
    frobenius = float(np.linalg.norm(values / values[0]) * values[0]) if values[0] > 0 else 0.0
    return exact_figures(values, shape, threshold(frobenius), part=name, points=points)


def _noise(matrix: Matrix, shape: tuple[int, int]) -> Callable[[float], float]:
    # The size of the stored type's rounding noise in a matrix of that shape, by its Frobenius norm.
    def threshold(frobenius: float) -> float:
        rms = frobenius / sqrt(shape[0]) / sqrt(shape[1])
        return rounding_noise(matrix.tensor.dtype, shape, rms, matrix.step)

    return threshold


def _estimated(
    matrix: Matrix, threshold: Callable[[float], float], name: str, points: bool, algebra: Algebra
) -> Spectrum:
    narrow = np.dtype(np.complex64 if matrix.wide_type.kind == "c" else np.float32)
    peak, frobenius = _size(matrix, narrow)
    scale = float(2.0 ** np.clip(np.frexp(peak)[1], -1000, 1000)) if peak > 0 else 1.0
    within = not matrix.double and 1e-12 < peak < 1e12
    scale = 1.0 if within else scale

    def panels() -> Iterator[Array]:
        if within:
            yield from matrix.panels(narrow)
        else:
            for panel in matrix.panels():
                yield (panel / scale).astype(narrow)

    held = list(panels()) if prod(matrix.shape) <= HELD else None
    found = density(
        panels if held is None else lambda: iter(held),
        matrix.short,
        steps=BRIEF_STEPS if matrix.brief else STEPS,
        algebra=algebra,
    )
    return estimated_figures(
        found, scale, matrix.shape, frobenius, threshold(frobenius), part=name, points=points
    )


def _size(matrix: Matrix, narrow: np.dtype[Any]) -> tuple[float, float]:
    # The largest magnitude and the Frobenius norm.
    peak, squares = 0.0, 0.0
    for panel in matrix.panels(None if matrix.double else narrow):
        high = float(np.abs(panel).max()) if narrow.kind == "c" else float(max(panel.max(), -panel.min()))
        if not isfinite(high):
            raise NonFiniteError
        if not matrix.double:
            # The squares of float32 are numbers of float64.
            wide = np.result_type(narrow, np.float64)
            squares += float(np.einsum("ij,ij->", panel, panel.conj(), dtype=wide).real)
            peak = max(peak, high)
            continue
        # Relative to the largest value so far: squares of float64's extremes are none of its numbers.
        if high > peak:
            squares *= (peak / high) ** 2
            peak = high
        if peak > 0:
            scaled = np.abs(panel).ravel() / peak
            squares += float(scaled @ scaled)
    return peak, sqrt(squares) * (peak if matrix.double else 1.0)


def _pools(task: SpectrumTask, depth: Depth) -> bool:
    return task.pooled and (depth == "full" or (not task.brief and _pooled_cost(task) <= EXACT_COST))


def _pooled_cost(task: SpectrumTask) -> float:
    shape = task.tensor.shape
    return prod(shape[2:]) * exact_cost(shape[0], shape[1])


def _convolution(matrix: Matrix, task: SpectrumTask, depth: Depth, algebra: Algebra) -> Spectrum:
    # The reshaped kernel and its slices. Where both have a row for every unit, the one's Gram matrix is the
    # sum of the others', and nothing is multiplied twice.
    shape, count, slices = matrix.slices()
    by_row = shape[0] == matrix.shape[0] and (task.unit_axis or 0) == 0
    if count == 1 and by_row and is_exact(*matrix.shape, depth, task.brief):
        whole = _spectrum(matrix, depth, algebra)
        return replace(whole, pooled=pooled_as(whole))
    values, gram = slice_values(
        shape, slices, double=matrix.double, threshold=_noise(matrix, shape), algebra=algebra
    )
    whole = _spectrum(matrix, depth, algebra, gram=gram if by_row and shape[0] == matrix.short else None)
    return replace(whole, pooled=pooled_figures(values))
