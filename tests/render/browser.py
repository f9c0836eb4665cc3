"""A real Chromium without a window, for the tests of the page."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

PRESENT = bool(CHROMIUM and DRIVER)


@contextmanager
def chromium(profile: Path) -> Iterator[Any]:
    """A driver with a profile of its own, which logs the console and every request."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def console(driver: Any) -> list[str]:
    """What the console has said since the last call."""
    return [entry["message"] for entry in driver.get_log("browser")]


def requests(driver: Any) -> list[str]:
    """The addresses asked for since the last call, data URIs left out."""
    asked = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    return [address for address in asked if not address.startswith("data:")]


def emulate(driver: Any, *, width: int = 1280, scheme: str = "light") -> None:
    """The size of the window and the colours that the system prefers."""
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )


class Opened:
    """An address opened in `driver`, with logs that begin there."""

    def __init__(self, driver: Any, address: str, **shape: Any) -> None:
        self.driver = driver
        emulate(driver, **shape)
        driver.get("about:blank")
        console(driver)
        requests(driver)
        driver.get(address)

    @classmethod
    def within(cls, driver: Any) -> "Opened":
        """What `driver` already stands in: a frame."""
        made = cls.__new__(cls)
        made.driver = driver
        return made

    def run(self, script: str, *arguments: Any) -> Any:
        """What `script` returns; `all(selector)` in it is an array of elements."""
        head = "const all = selector => Array.from(document.querySelectorAll(selector));"
        return self.driver.execute_script(head + script, *arguments)

    def rows(self, table: str = "layers") -> list[str]:
        """The names of the rows that are drawn, in order."""
        found: list[str] = self.run(
            "return all(`#${arguments[0]}-table tbody:not([hidden]) .row > th`)"
            ".map(cell => cell.querySelector('bdi').textContent)",
            table,
        )
        return found

    def sort(self, head: str, table: str = "layers") -> str | None:
        """Click on a head, and say what the table is then sorted by."""
        found: str | None = self.run(
            "const button = all(`#${arguments[1]}-table thead [role=button]`)"
            ".find(one => one.textContent === arguments[0]);"
            "button.click(); return button.parentElement.getAttribute('aria-sort')",
            head,
            table,
        )
        return found

    def filter(self, words: str, table: str = "layers") -> None:
        """Type into the field above a table."""
        self.run(
            "const field = all(`[data-for=${arguments[1]}-table] input`)[0]; field.value = arguments[0];"
            "field.dispatchEvent(new Event('input'))",
            words,
            table,
        )


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """`folder` on a port of this machine: its address, and the paths that were asked for so far."""
    asked: list[str] = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing on standard error."""

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as serving:
        thread = Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{serving.server_port}", asked
        finally:
            serving.shutdown()
            thread.join()
