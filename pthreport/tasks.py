"""What is to be measured of each tensor, from what its layer is."""

from pthreport.anatomy import CONVOLUTIONS, Anatomy, LayerFound
from pthreport.anatomy.kinds import RECURRENT
from pthreport.checkpoint import Checkpoint, Tensor
from pthreport.document.nearest import fits, nearest
from pthreport.measure import PictureKind, Task


def chosen(checkpoint: Checkpoint, anatomy: Anatomy, pattern: str | None) -> list[str]:
    """The paths of the tensors that `pattern` asks for: by path, or by the name in their model.

    A text that is exactly a path or a name means that tensor alone, whatever else it might fit as a
    shell pattern ("a[0].weight").
    """
    names = {
        path: (path, anatomy.names[path].name) if path in anatomy.names else (path,)
        for path in checkpoint.tensors
    }
    exact = [path for path, known in names.items() if pattern in known]
    return exact or [path for path, known in names.items() if any(fits(name, pattern) for name in known)]


def unknown(checkpoint: Checkpoint, anatomy: Anatomy, pattern: str) -> str:
    """What to say where `pattern` fits nothing, with the nearest names."""
    known = [*checkpoint.tensors, *(named.name for named in anatomy.names.values())]
    return f"no tensor is called {pattern!r}{nearest(pattern, known)}"


def tasks_for(
    checkpoint: Checkpoint, anatomy: Anatomy, wanted: set[str], excerpt: tuple[int, int] = (6, 8)
) -> list[Task]:
    """What is to be measured of each tensor: units and pictures only where its layer has them."""
    weights: dict[str, LayerFound] = {}
    rgb: set[str] = set()
    for model in anatomy.models:
        weights |= {layer.weight.path: layer for layer in model.layers if layer.weight is not None}
        first = next((la.weight for la in model.layers if la.kind.kind == "conv2d" and la.weight), None)
        if first is not None and first.shape[1] == 3:
            rgb.add(first.path)
    tasks: list[Task] = []
    for path, tensor in checkpoint.tensors.items():
        if path not in wanted:
            continue
        owner = weights.get(path)
        named = anatomy.names.get(path)
        of_model = named is not None and named.role in ("parameter", "buffer")
        rows, columns = _directions(owner)
        tasks.append(
            Task(
                tensor=tensor,
                unit_axis=owner.kind.unit_axis if owner and tensor.shape else None,
                groups=owner.kind.groups if owner and owner.kind.kind == "conv-transpose" else 1,
                depthwise=owner is not None and owner.kind.kind == "depthwise-conv",
                picture=_picture(owner, tensor, path in rgb),
                rows_text=rows,
                columns_text=columns,
                excerpt=excerpt if of_model else (2, 4),
            )
        )
    return tasks


def _picture(owner: LayerFound | None, tensor: Tensor, rgb: bool) -> PictureKind | None:
    """Tiles for kernels, a heat map for every other weight of two dims or more, nothing for vectors."""
    if owner is None or len(tensor.shape) < 2 or tensor.numel < 4:
        return None
    if owner.kind.kind in CONVOLUTIONS:
        return "rgb" if rgb else "tiles"
    return "matrix"


def _directions(owner: LayerFound | None) -> tuple[str, str]:
    """What runs down and across a weight's heat map."""
    if owner is None:
        return "dim 0", "the other dims"
    if owner.kind.kind == "embedding":
        return "entries", "dimensions"
    if owner.kind.kind in RECURRENT:
        return "gates x hidden", "inputs"
    if owner.kind.unit_axis is None:
        return "dim 0", "the other dims"
    return ("inputs", "outputs") if owner.kind.unit_axis == 1 else ("outputs", "inputs")
