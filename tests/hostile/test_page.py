"""The pages of files whose names and values attack them, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pthreport.command.main import main
from tests.conftest import needs_system
from tests.hostile.corpus import GROUPS, write
from tests.render.browser import PRESENT, Opened, chromium, console, requests


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    needs_system("Chromium with its chromedriver (Debian: chromium, chromium-driver)", PRESENT)
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("case", GROUPS["strings"], ids=[case.name for case in GROUPS["strings"]])
def test_no_dialog_no_request_no_complaint(driver: Any, case: Any, tmp_path: Path) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    file = tmp_path / "page.html"
    assert main([str(write(case, tmp_path)), "-o", str(file), "--quiet"]) == 0
    page = Opened(driver, file.as_uri())
    page.run("all('details').forEach(one => { one.open = true }); scrollTo(0, 1e6)")
    with pytest.raises(NoAlertPresentException):
        _ = driver.switch_to.alert
    assert page.run("return all('[onload], [onclick], [onerror], iframe, object, embed').length") == 0
    assert page.run("return all('a').filter(one => one.protocol === 'javascript:').length") == 0
    assert console(driver) == []
    assert requests(driver) == [file.as_uri()]
