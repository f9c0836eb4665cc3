"""What the lists of models hold."""

from collections.abc import Callable
from typing import Any

Made = tuple[str, str | None, Callable[[], Any], Any]
"""Name; the variant, None for a model that is of none of the families; what makes it; what its configuration says, a
mapping or a function that takes it from the model."""
