"""Photograph the top of the bundled page for the README, with Chromium: `python -m sample_reports.take_picture`."""

import shutil
import subprocess
import sys
import tempfile

from sample_reports.write_reports import CHECKPOINT

SIZE = "1280,1400"


def main() -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is not installed: it takes the picture.")
    picture = CHECKPOINT.with_suffix(".png")
    # A profile of its own, and nothing asked of the network.
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--hide-scrollbars",
                "--blink-settings=preferredColorScheme=1",
                f"--user-data-dir={profile}",
                f"--window-size={SIZE}",
                f"--screenshot={picture}",
                CHECKPOINT.with_suffix(".html").as_uri(),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    print(f"{picture} ({picture.stat().st_size / 1e3:.0f} kB)")


if __name__ == "__main__":
    main()
