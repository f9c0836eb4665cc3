"""Names and texts from the file, made fit for the page.

What a text could hide (control characters, direction overrides, what cannot be seen) is written out
by `pthreport.document.text`. Escaping for markup is not done here but by the templates, for every
text alike.
"""

import re

from markupsafe import Markup, escape

from pthreport.document.text import cut_value, visible

_JOINTS = re.compile(r"([._/-])(?=\w)")
LONGEST_NAME = 120
LONGEST_TEXT = 4000


def shown(text: str) -> str:
    """Any text that reaches the page: hidden characters written out, newlines and tabs kept."""
    if text.isprintable():
        return cut_value(text, LONGEST_TEXT)
    lines = cut_value(text, LONGEST_TEXT).replace("\t", "    ").split("\n")
    return "\n".join(visible(line) for line in lines)


def sentence(text: str) -> str:
    """A phrase as a sentence of its own: a capital first, a full stop last."""
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ("", ".", "!", "?", ":") else ".")


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    """A name for an attribute or a tooltip: visible, cut, on one line; not yet escaped."""
    return visible(text, longest)


def brief(text: str, longest: int = LONGEST_NAME) -> Markup:
    """A name as markup where there are very many: isolated, breakable anywhere."""
    return Markup("<bdi>") + escape(plain(text, longest)) + Markup("</bdi>")


def name(text: str, longest: int = LONGEST_NAME) -> Markup:
    """A name as markup: isolated from the direction of the text around it, breakable at its joints."""
    # A plain string, since joining pieces of markup escapes them once more.
    broken = _JOINTS.sub(r"\1<wbr>", str(escape(plain(text, longest))))
    return Markup("<bdi>") + Markup(broken) + Markup("</bdi>")
