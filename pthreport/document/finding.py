"""Findings, and the closed set of details they show."""

from typing import Literal

from pthreport.document.base import Part
from pthreport.document.tensor import Histogram, Picture

Status = Literal["fail", "warn", "pass", "info", "not-applicable", "error"]
Severity = Literal["error", "warning", "info"]
Category = Literal["safety", "integrity", "training", "spectra", "precision", "hygiene", "other"]


class TextDetail(Part, frozen=True, kw_only=True, tag="text"):
    """A sentence."""

    text: str


class NumberDetail(Part, frozen=True, kw_only=True, tag="number"):
    """A labelled number with its unit."""

    label: str
    value: float
    unit: str = ""


class BytesDetail(Part, frozen=True, kw_only=True, tag="bytes"):
    """A labelled size in bytes."""

    label: str
    value: int


class TableDetail(Part, frozen=True, kw_only=True, tag="table"):
    """Rows under a head; `left_out` rows more were found."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


class LayerDetail(Part, frozen=True, kw_only=True, tag="layer"):
    """A link to a layer or tensor of the report, by tensor path, with a note."""

    path: str
    note: str = ""


class HistogramDetail(Part, frozen=True, kw_only=True, tag="histogram"):
    """A histogram with a label."""

    label: str
    histogram: Histogram


class PictureDetail(Part, frozen=True, kw_only=True, tag="picture"):
    """A picture with a label."""

    label: str
    picture: Picture


Detail = (
    TextDetail | NumberDetail | BytesDetail | TableDetail | LayerDetail | HistogramDetail | PictureDetail
)


class Finding(Part, frozen=True, kw_only=True):
    """What one check says of one file.

    `category` is what it is about. `severity` is how bad it is when the check does not pass, `status` what came out. `where` are tensor
    paths or paths in the object tree; `evidence` is one sentence with the figures, `threshold` the
    figure it was held against, in words and units.
    """

    check: str
    category: Category = "other"
    title: str
    status: Status
    severity: Severity
    evidence: str
    threshold: str
    why: str
    remedy: str
    reference: str
    where: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
