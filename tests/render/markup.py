"""A page taken apart, for the tests that read it as text."""

from collections import Counter
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


class Page(HTMLParser):
    """What a page holds, and whether its elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.styles: list[str] = []
        self.scripts: list[str] = []
        self.data: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute stands twice: {tag} {names}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        # A script element with a type of its own is data: nothing runs it, and the policy lets it be.
        scripts = self.data if self.elements and self.elements[-1][1].get("type") else self.scripts
        {"style": self.styles, "script": scripts}.get(inside, self.text).append(data)

    def attributes(self, name: str) -> list[str]:
        return [
            value or ""
            for _, attributes in self.elements
            for key, value in attributes.items()
            if key == name
        ]


def links_resolve(page: Page) -> None:
    ids = Counter(page.attributes("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    inner = {link[1:] for link in page.attributes("href") if link.startswith("#")}
    assert inner
    assert inner - ids.keys() == set()
    labelled = {name for value in page.attributes("aria-labelledby") for name in value.split()}
    assert labelled - ids.keys() == set()
