"""One browser for all tests of the page."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pthreport.render.html import render_html
from tests.conftest import needs_system
from tests.render.browser import PRESENT, Opened, chromium
from tests.render.reports import small_report


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    needs_system("Chromium with its chromedriver (Debian: chromium, chromium-driver)", PRESENT)
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a small report's page."""
    file = tmp_path_factory.mktemp("page") / "small.html"
    file.write_text(render_html(small_report()), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def open_page(driver: Any) -> Callable[..., Opened]:
    """Opens an address in a window of its own shape, with an empty log."""
    return lambda address, **shape: Opened(driver, address, **shape)
