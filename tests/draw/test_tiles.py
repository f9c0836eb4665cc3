"""Pictures of weights: pixels where they belong, zero neutral, nothing invented."""

import base64
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from pthreport.document import Picture
from pthreport.draw import color, tiles


def _picture(values: np.ndarray, layout: str = "tiles", units: int | None = None) -> Picture:
    depth = 3 if layout == "rgb" else 1
    count = values.size // (values.shape[-2 - (depth == 3)] * values.shape[-1 - (depth == 3)] * depth)
    height, width = values.shape[1:3]
    data = base64.b64encode(zlib.compress(values.astype(np.int8).tobytes())).decode()
    return Picture(
        layout="rgb" if layout == "rgb" else "matrix" if layout == "matrix" else "tiles",
        height=height,
        width=width,
        scale=1.0,
        data=data,
        units=tuple(range(units if units is not None else count)),
        total=count,
    )


def _open(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_tiles_stand_in_rows_and_keep_their_values() -> None:
    values = np.arange(-48, 48).reshape(6, 4, 4)
    values[5, 3] = (127, -127, 127, -127)
    made = tiles.montage(_picture(values), 3)
    assert (made.width, made.height, made.columns, made.count) == (12, 8, 3, 6)
    pixels = np.asarray(_open(made.uri))
    # Tile 4 is the second of the second row.
    shown = (pixels[4:8, 4:8].astype(int) - color.STEPS) / color.STEPS
    np.testing.assert_allclose(shown, values[4] / 127, atol=0.51 / color.STEPS)


def test_zero_is_the_neutral_middle_and_the_ends_are_the_palette_s() -> None:
    palette = np.frombuffer(color.signed_palette(), np.uint8).reshape(color.LEVELS, 3)
    assert len(set(palette[color.STEPS].tolist())) == 1
    blue, red = palette[0].astype(int), palette[-1].astype(int)
    assert blue[2] > blue[0] + 60
    assert red[0] > red[2] + 60
    # As light as each other, so that neither sign looks stronger.
    assert abs(int(blue.sum()) - int(red.sum())) < 200


def test_missing_tiles_are_see_through() -> None:
    made = tiles.montage(_picture(np.full((3, 2, 2), 127)), 2)
    alpha = np.asarray(_open(made.uri).convert("RGBA"))[..., 3]
    assert (alpha[2:, 2:] == 0).all()
    assert (alpha[:2] == 255).all()


def test_rgb_tiles_are_centred_on_grey() -> None:
    values = np.zeros((2, 2, 2, 3))
    values[1, 0, 0] = (127, 0, -127)
    made = tiles.montage(_picture(values, "rgb"), 2)
    pixels = np.asarray(_open(made.uri).convert("RGB"))
    assert pixels[0, 0].tolist() == [127, 127, 127]
    assert pixels[0, 2].tolist() == [254, 127, 0]


def test_an_outlier_does_not_grey_out_the_rest() -> None:
    values = np.full((4, 16, 16), 20)
    values[0, 0, 0] = 127
    made = tiles.montage(_picture(values), 2)
    assert made.scale == pytest.approx(20 / 127)
    assert (made.beyond, made.total) == (1, 1024)
    assert (np.asarray(_open(made.uri)) == 2 * color.STEPS).all()
    even = tiles.montage(_picture(np.arange(-127, 129).clip(-127, 127).reshape(1, 16, 16)), 1)
    assert (even.scale, even.beyond) == (1.0, 0)


def test_the_lattice_lies_between_the_tiles_and_the_zoom_is_whole() -> None:
    made = tiles.montage(_picture(np.zeros((4, 3, 3))), 2)
    drawn = tiles.montage_svg(made, tiles.zoom_for(made, 100), "four tiles", "name")
    assert "M0 3H6" in drawn
    assert "M3 0V6" in drawn
    assert 'width="96"' in drawn  # 16 times
    assert 'id="name"' in drawn
    again = tiles.montage_again(made, 2, "four tiles", "name")
    assert "base64" not in again
    assert 'href="#name"' in again


@pytest.mark.parametrize(
    "data",
    ["", "!!", base64.b64encode(b"no zlib").decode(), base64.b64encode(zlib.compress(b"short")).decode()],
)
def test_damaged_data_is_named(data: str) -> None:
    picture = Picture(layout="tiles", height=3, width=3, scale=1.0, data=data, units=(0,), total=1)
    with pytest.raises(tiles.PictureError):
        tiles.montage(picture, 1)


def test_the_same_picture_gives_the_same_bytes() -> None:
    picture = _picture(np.arange(64).reshape(4, 4, 4))
    assert tiles.montage(picture, 2).uri == tiles.montage(picture, 2).uri
