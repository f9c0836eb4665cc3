"""The calls that are understood: what rebuilds tensors, arrays and plain containers.

One table from exact (module, name) pairs to functions of the call's arguments; another container or
library adds its rows here.
"""

from collections.abc import Mapping

from pthreport.checkpoint.machine import Build, Rebuild
from pthreport.checkpoint.rebuild.builtin_values import PLAIN
from pthreport.checkpoint.rebuild.numpy_arrays import ARRAY_STATES, ARRAYS
from pthreport.checkpoint.rebuild.script import SCRIPT
from pthreport.checkpoint.rebuild.sparse_tensors import SPARSE
from pthreport.checkpoint.rebuild.torch_tensors import TENSORS
from pthreport.checkpoint.rebuild.wrapped import VARIABLE_STATES, WRAPPED

REBUILDS: Mapping[tuple[str, str], Rebuild] = {**PLAIN, **TENSORS, **ARRAYS, **WRAPPED, **SCRIPT, **SPARSE}
"""Every call that is understood."""

BUILDS: Mapping[tuple[str, str], Build] = {**ARRAY_STATES, **VARIABLE_STATES}
"""Every state that is understood."""

__all__ = ["BUILDS", "REBUILDS"]
