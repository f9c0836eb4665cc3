"""A parsed document made fit for paper: pictures, letters and links as they can be there."""

from xml.etree.ElementTree import Element

from cssselect2 import ElementWrapper

from pthreport.render.paper.letters import drawn
from pthreport.render.paper.pictures import NAMESPACE, Pictures
from pthreport.render.paper.style import PictureStyle

_ONLY_SHARED = frozenset(("defs", "hits"))
"""Classes of pictures that only lend their parts, and of those that only wait for a pointer."""


def fit(root: Element, style: PictureStyle) -> None:
    """Change the document under `root`, a tree of HTML elements, where it stands."""
    # Before the pictures, which are out of sight once they are written.
    _only_letters_that_can_be_drawn(root)
    _exchange_pictures(root, style)
    _only_links_that_lead_somewhere(root)


def _exchange_pictures(root: Element, style: PictureStyle) -> None:
    wrapped = ElementWrapper.from_html_root(root)
    nodes = [node for node in wrapped.iter_subtree() if _is_svg(node.etree_element)]
    shared = {name: node for node in nodes if (name := node.etree_element.get("id"))}
    pictures = Pictures(style, shared)
    parents = {child: parent for parent in root.iter() for child in parent}
    whole = [
        node for node in nodes if node.local_name == "svg" and not _is_svg(parents[node.etree_element])
    ]
    # Written first, exchanged then: a picture may show parts of one that stands before it.
    fitted = [
        None if _ONLY_SHARED & set(node.etree_element.get("class", "").split()) else pictures.fitted(node)
        for node in whole
    ]
    for node, made in zip(whole, fitted, strict=True):
        _exchange(parents[node.etree_element], node.etree_element, made)


def _is_svg(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(NAMESPACE)


def _exchange(parent: Element, old: Element, new: Element | None) -> None:
    """Put `new` in the place of `old`, or nothing; the text after it stays."""
    at = list(parent).index(old)
    if new is not None:
        new.tail = old.tail
        parent[at] = new
        return
    if old.tail and at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + old.tail
    elif old.tail:
        parent.text = (parent.text or "") + old.tail
    parent.remove(old)


def _only_letters_that_can_be_drawn(root: Element) -> None:
    for element in root.iter():
        if element.tag == "style":
            continue
        if element.text:
            element.text = drawn(element.text)
        if element.tail:
            element.tail = drawn(element.tail)
        for name in ("aria-label", "content"):
            if name in element.attrib:
                element.set(name, drawn(element.attrib[name]))


def _only_links_that_lead_somewhere(root: Element) -> None:
    """Keep links to places that this document has. The addresses of others stand in its text."""
    places = {name for element in root.iter() if (name := element.get("id"))}
    for parent in list(root.iter()):
        for link in [child for child in parent if child.tag == "a"]:
            if "here" in link.get("class", "").split():
                _exchange(parent, link, None)
            elif link.get("href", "")[1:] not in places or not link.get("href", "").startswith("#"):
                link.tag = "span"
                link.attrib.pop("href", None)
