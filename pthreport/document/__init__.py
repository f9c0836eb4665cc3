"""The vocabulary of a report: typed, versioned, JSON-able, plain data.

Every room that produces something for people produces it in these words, and every renderer reads
nothing else. A `Report` is therefore complete: it can be saved as JSON and rendered again, to the
same bytes, without the checkpoint.
"""

from pthreport.document.contents import Node
from pthreport.document.decode import ReportError, from_json
from pthreport.document.encode import json_schema, to_json
from pthreport.document.finding import (
    BytesDetail,
    Detail,
    Finding,
    HistogramDetail,
    LayerDetail,
    NumberDetail,
    PictureDetail,
    TableDetail,
    TextDetail,
)
from pthreport.document.model import Highlight, Layer, Model, Module, Profile, RemovedPrefix, Tie
from pthreport.document.report import (
    SCHEMA_VERSION,
    CheckpointFacts,
    Import,
    Provenance,
    Report,
    Statement,
    Summary,
    Tool,
)
from pthreport.document.tensor import (
    Excerpt,
    Histogram,
    Picture,
    Statistics,
    TensorRecord,
    UnitPair,
    Units,
)
from pthreport.document.training import Fact, Group, Optimizer, Scheduler, Slot, Training

__all__ = [
    "SCHEMA_VERSION",
    "BytesDetail",
    "CheckpointFacts",
    "Detail",
    "Excerpt",
    "Fact",
    "Finding",
    "Group",
    "Highlight",
    "Histogram",
    "HistogramDetail",
    "Import",
    "Layer",
    "LayerDetail",
    "Model",
    "Module",
    "Node",
    "NumberDetail",
    "Optimizer",
    "Picture",
    "PictureDetail",
    "Profile",
    "Provenance",
    "RemovedPrefix",
    "Report",
    "ReportError",
    "Scheduler",
    "Slot",
    "Statement",
    "Statistics",
    "Summary",
    "TableDetail",
    "TensorRecord",
    "TextDetail",
    "Tie",
    "Tool",
    "Training",
    "UnitPair",
    "Units",
    "from_json",
    "json_schema",
    "to_json",
]
