"""Small pieces of SVG text.

Pictures are laid out in percent of their width and in pixels of their height, so that they fill any
page without stretching their labels; what is a path sits in an inner frame that may stretch. Colours
come from the page's style through classes: nothing here carries a style attribute, which the page's
policy would forbid.
"""

from html import escape as _escape


def tag(name: str, content: str = "", /, **attributes: str | float | int | None) -> str:
    """One element around `content`, which is markup already; attributes are escaped, None left out.

    An underscore in an attribute's name stands for a hyphen, a trailing one is dropped (`class_`).
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(item))}"'
        for key, item in attributes.items()
        if item is not None
    )
    return f"<{name}{words}>{content}</{name}>" if content else f"<{name}{words}/>"


def text(words: str, /, **attributes: str | float | int | None) -> str:
    """A text element; `words` are escaped."""
    return tag("text", escape(words), **attributes)


def escape(words: str) -> str:
    """`words` as markup that shows them."""
    return _escape(words)


def title(words: str) -> str:
    """The tooltip of the element it stands in."""
    return tag("title", escape(words))


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    rounded = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if rounded in ("-0", "") else rounded


def percent(share: float) -> str:
    """A share from 0 to 1 as a length in percent."""
    rounded = f"{share * 100:.3f}".rstrip("0").rstrip(".")
    return f"{'0' if rounded == '-0' else rounded}%"


def frame(width: int, height: int, content: str, /, **attributes: str | float | int | None) -> str:
    """An inner frame with its own coordinates that stretches to the outer lengths given."""
    return tag("svg", content, viewBox=f"0 0 {width} {height}", preserveAspectRatio="none", **attributes)


def _text(item: str | float | int) -> str:
    return number(item) if isinstance(item, float) else str(item)
