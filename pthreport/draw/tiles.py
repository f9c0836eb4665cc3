"""Pictures of weights: tiles set side by side as one PNG, lattice and all else drawn over it.

The PNG holds one pixel a value, so it stays small; the page enlarges it by a whole number with crisp
pixels and draws the hairlines between the tiles itself.
"""

import base64
import binascii
import io
import math
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pthreport.document import Picture
from pthreport.draw import color, svg

Bytes = npt.NDArray[np.int8]

BEYOND = 0.005
"""Share of the values that may lie beyond the colour scale, so that one outlier does not grey out the
rest; a choice of drawing, said under the picture."""

NARROWEST = 16
"""The scale is never cut below this quantised magnitude: fewer steps would be seen as such."""

WORTH_CUTTING = 96
"""Nor where the cut would gain less than about a third."""

EMPTY = color.LEVELS
"""The palette's index for places without a tile: transparent."""


class PictureError(ValueError):
    """A picture's data does not have the size that its head announces."""


@dataclass(frozen=True)
class Montage:
    """Tiles in `columns` columns as a PNG data URI, `width` x `height` pixels, one pixel a value.

    Colours run from -scale to +scale; `beyond` values of `total` have a larger magnitude and are drawn
    like the ends.
    """

    uri: str
    width: int
    height: int
    tile_width: int
    tile_height: int
    columns: int
    count: int
    scale: float
    beyond: int
    total: int


def values(picture: Picture) -> Bytes:
    """The quantised values, -127 ... 127: (tiles, height, width), with 3 channels last for "rgb".

    Raises `PictureError` where the data is damaged or has another size.
    """
    depth = 3 if picture.layout == "rgb" else 1
    tile = picture.height * picture.width * depth
    tiles = max(len(picture.units), 1) if picture.layout != "matrix" else 1
    try:
        raw = zlib.decompress(base64.b64decode(picture.data, validate=True))
    except (zlib.error, binascii.Error) as error:
        raise PictureError(f"the data of a picture cannot be unpacked: {error}") from error
    if tile == 0 or len(raw) != tile * tiles:
        raise PictureError(f"a picture of {tiles} tiles of {tile} values holds {len(raw)}")
    shape = (tiles, picture.height, picture.width) + ((3,) if depth == 3 else ())
    return np.frombuffer(raw, np.int8).reshape(shape)


def montage(picture: Picture, columns: int) -> Montage:
    """All tiles of `picture` in rows of `columns`, as a palette PNG (RGB for "rgb").

    RGB tiles are centred: zero is mid grey, the scale's ends are black and white in each channel.
    """
    tiles = values(picture)
    limit, beyond = _limit(tiles)
    shares = (tiles / limit).clip(-1, 1)
    count, height, width = tiles.shape[:3]
    columns = max(1, min(columns, count))
    rows = math.ceil(count / columns)
    # Without a tile: nothing, or grey where there is no palette.
    canvas = np.full((rows * columns, *tiles.shape[1:]), 127 if tiles.ndim == 4 else EMPTY, np.uint8)
    half = 127 if tiles.ndim == 4 else color.STEPS
    canvas[:count] = np.rint(shares * half) + half
    canvas = canvas.reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    canvas = canvas.reshape(rows * height, columns * width, *tiles.shape[3:])
    return Montage(
        uri=_png(canvas),
        width=columns * width,
        height=rows * height,
        tile_width=width,
        tile_height=height,
        columns=columns,
        count=count,
        scale=picture.scale * limit / 127,
        beyond=beyond,
        total=tiles.size,
    )


def _limit(tiles: Bytes) -> tuple[int, int]:
    """The magnitude that the ends of the colour scale stand for, and how many values lie beyond."""
    magnitudes = np.bincount(np.abs(tiles.astype(np.int16)).ravel(), minlength=128)
    above = tiles.size - np.cumsum(magnitudes)
    limit = max(int(np.argmax(above <= BEYOND * tiles.size)), NARROWEST)
    if limit > WORTH_CUTTING:
        return 127, 0
    return limit, int(above[limit])


def scale_bar() -> str:
    """The signed palette from -scale to +scale as a PNG data URI, one pixel a colour."""
    return _png(np.arange(color.LEVELS, dtype=np.uint8).reshape(1, -1))


def montage_svg(picture: Montage, zoom: int, alt: str, name: str | None = None) -> str:
    """The montage enlarged `zoom` times under a lattice of hairlines.

    With `name` the image itself gets that id, so that `use` can show it a second time.
    """
    image = svg.tag(
        "image", href=picture.uri, width=picture.width, height=picture.height, id=name, class_="pixels"
    )
    return _enlarged(picture, image, zoom, alt)


def montage_again(picture: Montage, zoom: int, alt: str, name: str) -> str:
    """The montage whose image was given the id `name`, without its bytes."""
    return _enlarged(picture, svg.tag("use", href=f"#{name}", class_="pixels"), zoom, alt)


def zoom_for(picture: Montage, wide: int, high: int | None = None, most: int = 28) -> int:
    """The largest whole number, up to `most`, at which the montage is within `wide` by `high` pixels."""
    fitting = min(wide // max(picture.width, 1), (high or wide) // max(picture.height, 1))
    return min(max(fitting, 1), most)


def _enlarged(picture: Montage, image: str, zoom: int, alt: str) -> str:
    lattice = ""
    if picture.count > 1:
        down = range(picture.tile_height, picture.height, picture.tile_height)
        across = range(picture.tile_width, picture.width, picture.tile_width)
        lines = "".join(f"M0 {y}H{picture.width}" for y in down)
        lines += "".join(f"M{x} 0V{picture.height}" for x in across)
        lattice = svg.tag("path", d=lines, class_="lattice") if lines else ""
    return svg.tag(
        "svg",
        image + lattice,
        class_="montage",
        viewBox=f"0 0 {picture.width} {picture.height}",
        width=picture.width * zoom,
        height=picture.height * zoom,
        role="img",
        aria_label=alt,
    )


def _png(pixels: npt.NDArray[np.uint8]) -> str:
    from PIL import Image

    image = Image.fromarray(pixels)
    packed = io.BytesIO()
    if pixels.ndim == 2:
        clear = bool((pixels == EMPTY).any())
        image.putpalette(color.signed_palette() + bytes(3 * clear))
        image.save(packed, "PNG", optimize=True, transparency=EMPTY if clear else None)
    else:
        image.save(packed, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode("ascii")
