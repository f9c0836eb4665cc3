"""Pictures of weights on the page: which fit its budget, each drawn once and shown where it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Model, Picture, Report, TensorRecord, numbers
from pthreport.draw import tiles
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import Choice, by_interest
from pthreport.render.page.index import Index, LayerKey, layer_key
from pthreport.render.page.tensor import picture_words
from pthreport.render.page.text import plain

_WIDE, _CARD, _GALLERY = 1040, 440, 252


@dataclass(frozen=True)
class Shown:
    """One picture as markup with its scale and the sentence under it."""

    markup: Markup
    scale: str
    signed: bool
    caption: str


@dataclass(frozen=True)
class Exhibit:
    """A layer's filters in the gallery."""

    name: str
    model: str
    shape: str
    anchor: str | None
    shown: Shown
    large: bool


@dataclass(frozen=True)
class Gallery:
    """The exhibits, the pictures of cards by tensor path, and what was left out."""

    exhibits: tuple[Exhibit, ...]
    cards: Mapping[str, Shown]
    left_out: int
    convolutions: int
    scale_bar: Markup

    def shown(self, path: str) -> Shown | None:
        """The picture for a tensor's card."""
        return self.cards.get(path)


def gallery(report: Report, index: Index, choice: Choice, bounds: Bounds = PAGE) -> Gallery:
    """Choose and draw the pictures of `report`: first layers first, then what has findings, then the
    largest, until `bounds` are reached."""
    firsts = {key for model in report.models if (key := _first_filters(model, index))}
    layers = [
        (layer_key(model, layer), layer)
        for model in report.models
        for layer in model.layer_list
        if layer.weight
    ]
    ranked = by_interest(layers, index)
    ranked.sort(
        key=lambda pair: (pair[0] not in firsts, not _is_filters(index.tensors.get(pair[1].weight or "")))
    )
    spent = 0
    left_out = 0
    cards: dict[str, Shown] = {}
    exhibits: dict[LayerKey, Exhibit] = {}
    several = len(report.models) > 1
    for key, layer in ranked:
        record = index.tensors.get(layer.weight or "")
        if record is None or record.picture is None:
            continue
        filters = _is_filters(record)
        if key not in choice.cards and not filters:
            continue
        large = key in firsts
        try:
            montage = _montage(record.picture, large)
        except tiles.PictureError:
            # A report read back from JSON may have been cut: its page still tells the rest.
            left_out += 1
            continue
        if spent + len(montage.uri) > bounds.pictures:
            left_out += 1
            continue
        spent += len(montage.uri)
        anchor = index.layer_anchors[key]
        name = f"{anchor}-picture"
        in_gallery = filters and len(exhibits) < bounds.exhibits
        if in_gallery:
            exhibits[key] = Exhibit(
                name=layer.name or "(root)",
                model=key[0] if several else "",
                shape=numbers.shape(record.shape),
                anchor=anchor if key in choice.rows else None,
                shown=_show(record, montage, _WIDE if large else _GALLERY, name=name),
                large=large,
            )
        if key in choice.cards:
            again = name if in_gallery else None
            cards[record.path] = _show(record, montage, _CARD, name=again, again=in_gallery)
    ordered = [exhibits[key] for key, _ in layers if key in exhibits]
    return Gallery(
        exhibits=tuple(ordered),
        cards=cards,
        left_out=left_out,
        convolutions=sum(_is_filters(index.tensors.get(layer.weight or "")) for _, layer in layers),
        scale_bar=Markup(tiles.scale_bar() if cards or exhibits else ""),
    )


def _first_filters(model: Model, index: Index) -> LayerKey | None:
    for layer in model.layer_list:
        if _is_filters(index.tensors.get(layer.weight or "")):
            return layer_key(model, layer)
    return None


def _is_filters(record: TensorRecord | None) -> bool:
    """Tiles, or long kernels of one dimension that stand one a row."""
    if record is None or record.picture is None:
        return False
    return record.picture.layout != "matrix" or bool(record.picture.units)


def _montage(picture: Picture, large: bool) -> tiles.Montage:
    if picture.layout == "matrix":
        return tiles.montage(picture, 1)
    count = max(len(picture.units), 1)
    return tiles.montage(picture, _columns(count, picture.height, picture.width, large))


def _columns(count: int, height: int, width: int, large: bool) -> int:
    """As many columns as make the montage about twice (large: three times) as wide as high, and fill
    the last row where a near number does."""
    ratio = 3.0 if large else 1.6
    wanted = max(1, round((ratio * count * height / max(width, 1)) ** 0.5))
    near = [number for number in range(1, count + 1) if count % number == 0 and 0.6 < number / wanted < 1.7]
    return min(near, key=lambda number: (abs(number - wanted), number)) if near else min(wanted, count)


def _show(
    record: TensorRecord, montage: tiles.Montage, wanted: int, *, name: str | None, again: bool = False
) -> Shown:
    picture = record.picture
    assert picture is not None
    zoom = tiles.zoom_for(montage, wanted, high=480)
    caption = picture_words(picture, montage.scale, montage.beyond / montage.total)
    alt = f"Weights of {plain(record.path, 80)}, {numbers.shape(record.shape)}. {caption}"
    if again and name:
        markup = tiles.montage_again(montage, zoom, alt, name)
    else:
        markup = tiles.montage_svg(montage, zoom, alt, name)
    return Shown(Markup(markup), numbers.value(montage.scale), picture.layout != "rgb", caption)
