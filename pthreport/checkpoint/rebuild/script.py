"""TorchScript's helpers in pickles: typed lists and dicts (torch/jit/_pickle.py)."""

from pthreport.checkpoint.machine import Context, NotUnderstood, Rebuild
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value


def _typed_list(*kinds: type) -> Rebuild:
    def build(context: Context, args: tuple[Value, ...]) -> Value:
        """build_<type>list(data): the list."""
        if len(args) != 1 or not isinstance(args[0], list):
            raise NotUnderstood
        if not all(isinstance(one, kinds) for one in args[0]):
            raise NotUnderstood("a typed list with something else in it")
        return args[0]

    return build


def restore_type_tag(context: Context, args: tuple[Value, ...]) -> Value:
    """restore_type_tag(value, type): the value; the type is a text such as "Dict[str, Tensor]"."""
    if len(args) != 2 or type(args[1]) is not str:
        raise NotUnderstood
    return args[0]


SCRIPT: dict[tuple[str, str], Rebuild] = {
    ("torch.jit._pickle", "build_intlist"): _typed_list(int),
    ("torch.jit._pickle", "build_doublelist"): _typed_list(float, int),
    ("torch.jit._pickle", "build_boollist"): _typed_list(bool),
    ("torch.jit._pickle", "build_tensorlist"): _typed_list(Tensor),
    ("torch.jit._pickle", "restore_type_tag"): restore_type_tag,
}
"""Calls that make TorchScript's typed containers."""
