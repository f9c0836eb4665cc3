"""Photograph the bundled page for the README, with Chromium: `python -m sample_reports.take_picture`.

Its top in light colours, a layer's card in dark ones, and a telephone's width.
"""

import base64
import io
import tempfile
from pathlib import Path
from typing import Any

from sample_reports.write_reports import CHECKPOINT
from tests.render.browser import chromium, emulate

PICTURES = (
    ("", "light", 1280, 1330, ""),
    ("-card", "dark", 1280, 900, "#layer-conv3"),
    ("-narrow", "light", 400, 860, ""),
)
"""Ending of the name, colours, width and height in pixels, and the place that is looked at."""

COLOURS = 256
"""A page of hairlines and text needs no more, and the files stay small."""


def photograph(driver: Any, scheme: str, width: int, height: int, place: str) -> bytes:
    """A PNG of what a window of `width` x `height` shows of the page at `place`."""
    from PIL import Image

    emulate(driver, width=width, scheme=scheme)
    driver.get("about:blank")
    driver.get(CHECKPOINT.with_suffix(".html").as_uri() + place)
    top = driver.execute_script("return document.scrollingElement.scrollTop")
    clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    image = Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB")
    packed = io.BytesIO()
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        packed, "PNG", optimize=True
    )
    return packed.getvalue()


def main() -> None:
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as driver:
        for ending, scheme, width, height, place in PICTURES:
            picture = CHECKPOINT.with_name(f"{CHECKPOINT.stem}{ending}.png")
            picture.write_bytes(photograph(driver, scheme, width, height, place))
            print(f"{picture} ({picture.stat().st_size / 1e3:.0f} kB)")


if __name__ == "__main__":
    main()
