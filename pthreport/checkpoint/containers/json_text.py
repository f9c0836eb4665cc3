"""JSON of a file that nobody vouches for: its size, nesting and numbers are bounded."""

import json
from typing import Any

from pthreport.checkpoint.errors import FormatError


def parse(text: bytes, limit: int, what: str) -> Any:
    """The value that `text` writes; raises `FormatError`, which names the text as `what`.

    Python's own bounds hold: about a thousand levels, 4,300 digits of an integer.
    """
    if len(text) > limit:
        raise FormatError(f"{what} has {len(text):,} bytes, of which at most {limit:,} are read")
    try:
        return json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError(f"{what} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise FormatError(f"{what} is not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{what} holds a number or nesting too large") from error
