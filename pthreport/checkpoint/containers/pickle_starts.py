"""How pickles begin, where nothing but their bytes says that they are one."""

import re

PICKLE_START = re.compile(rb"\x80[\x00-\x05]")
"""A pickle of protocol 2 or later; the instruction takes lower numbers, too."""

PICKLE = re.compile(rb"\x80[\x02-\x05]|\(?[ci][\w.]+\n[\w.]+\n", re.DOTALL)
"""A pickle of protocol 2 and later or, before, one that begins with a name."""
