"""The page on paper, as a browser prints it."""

import base64
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conftest import needs_system
from tests.render.browser import Opened

Open = Callable[..., Opened]
PDFTOTEXT = shutil.which("pdftotext")


def test_print_opens_what_is_folded(open_page: Open, small: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    page = open_page(small)
    driver = page.driver
    shown = (
        "return all(arguments[0]).every(one => one.checkVisibility("
        "{contentVisibilityAuto: true, visibilityProperty: true}) && one.getBoundingClientRect().height > 0)"
    )
    assert not page.run(shown, ".card")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        # The browser lays out what was skipped with its next frames.
        wait = WebDriverWait(driver, 5)
        assert wait.until(lambda _: page.run(shown, ".card"))
        assert wait.until(lambda _: page.run(shown, ".finding .body"))
        assert page.run("return getComputedStyle(document.querySelector('.rail')).display") == "none"
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_printed_pdf_holds_everything_and_shows_where_links_lead(
    open_page: Open, small: str, tmp_path: Path
) -> None:
    needs_system("pdftotext (Debian: poppler-utils)", PDFTOTEXT is not None)
    page = open_page(small)
    printed = page.driver.execute_cdp_cmd(
        "Page.printToPDF", {"printBackground": False, "preferCSSPageSize": True}
    )
    file = tmp_path / "page.pdf"
    file.write_bytes(base64.b64decode(printed["data"]))
    done = subprocess.run(
        [str(PDFTOTEXT), "-layout", str(file), "-"], capture_output=True, text=True, check=True
    )
    text = " ".join(done.stdout.split())
    for said in (
        "Weights are not finite",
        "Quantiles",
        "2 dead units: 3, 5.",
        "Training state",
        "Provenance",
        "SHA-256",
    ):
        assert said in text, said
    # Neither what only a screen can do nor an empty page.
    for said in ("Save as CSV", "Open all", "Contents of this report", "Skip to the report"):
        assert said not in text, said
    assert all(sheet.strip() for sheet in done.stdout.split("\f")[:-1])
