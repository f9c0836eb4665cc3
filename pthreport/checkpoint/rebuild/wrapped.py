"""Tensors made of tensors: parameters, subclasses, other devices."""

from pthreport.checkpoint.machine import Build, Context, NotUnderstood, Rebuild
from pthreport.checkpoint.rebuild.torch_tensors import element_type
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Global, Record, Value

PARAMETERS = {("torch.nn.parameter", "Parameter"), ("torch.nn", "Parameter")}
"""The classes that make a tensor a parameter."""

VARIABLE = ("torch.autograd.variable", "Variable")
"""What held a tensor, with its gradient, before torch 0.4; a parameter was one, too."""


def parameter(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_parameter(data, requires_grad, hooks[, state])."""
    if not 1 <= len(args) <= 4 or type(args[0]) is not Tensor:
        raise NotUnderstood
    context.charge_tensor()
    made = args[0].copy()
    made.is_parameter = True
    made.requires_grad = len(args) < 2 or args[1] is True
    if len(args) == 4:
        add_attributes(made, args[3])
    return made


def add_attributes(tensor: Tensor, state: Value) -> None:
    """Add a state to what a tensor has (a sparse tensor has its indices)."""
    if isinstance(state, dict) and isinstance(tensor.attributes, dict):
        tensor.attributes = {**tensor.attributes, **state}
    elif state:
        tensor.attributes = state if tensor.attributes is None else [tensor.attributes, state]


def from_type(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_from_type_v2(function, class, args, state): a tensor subclass, or attributes on a
    tensor."""
    if len(args) != 4 or not isinstance(args[0], Global) or not isinstance(args[1], Global):
        raise NotUnderstood
    if not isinstance(args[2], tuple):
        raise NotUnderstood
    made = context.call(args[0], args[2])
    kind = args[1]
    if isinstance(made, Tensor):
        if (kind.module, kind.name) in PARAMETERS:
            made.is_parameter = True
        if (kind.module, kind.name) not in PARAMETERS | {("torch", "Tensor"), ("torch._tensor", "Tensor")}:
            made.type_name = f"{kind.module}.{kind.name}"
        add_attributes(made, args[3])
        return made
    wrapped = context.record(kind, (made,))
    wrapped.state = args[3]
    return wrapped


def from_cpu(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_device_tensor_from_cpu_tensor(data, dtype, device, requires_grad), and the same from
    numpy: the values are those of `data`."""
    if len(args) != 4 or type(args[0]) is not Tensor:
        raise NotUnderstood
    if element_type(args[1]).name != args[0].dtype.name:
        raise NotUnderstood
    context.charge_tensor()
    made = args[0].copy()
    made.requires_grad = args[3] is True
    made.origin = "torch"
    return made


def layout(context: Context, args: tuple[Value, ...]) -> Value:
    """torch.serialization._get_layout("torch.sparse_coo")."""
    if len(args) != 1 or type(args[0]) is not str or not args[0].startswith("torch."):
        raise NotUnderstood
    return Global("torch", args[0].removeprefix("torch.")[:64])


def named_value(context: Context, args: tuple[Value, ...]) -> Value:
    """A parameter made directly: Parameter(data, requires_grad), as before torch 0.4."""
    if len(args) > 3:
        raise NotUnderstood
    return parameter(context, args[:2])


def variable(context: Context, args: tuple[Value, ...]) -> Value:
    """Variable(data)."""
    if len(args) != 1 or type(args[0]) is not Tensor:
        raise NotUnderstood
    context.charge_tensor()
    return args[0].copy()


def fill(context: Context, target: Record, state: Value) -> Value:
    """A variable or parameter made empty, its state (data, gradient, hooks, requires_grad, volatile):
    as the first torch wrote them."""
    if target.args or type(state) is not tuple or len(state) != 5 or type(state[0]) is not Tensor:
        raise NotUnderstood
    context.charge_tensor()
    made: Tensor = state[0].copy()
    made.is_parameter = (target.module, target.name) in PARAMETERS
    made.requires_grad = state[3] is True
    if state[1] is not None:
        made.attributes = {"grad": state[1]}
    return made


def load_from_bytes(context: Context, args: tuple[Value, ...]) -> Value:
    """torch.storage._load_from_bytes(content): what the torch file in `content` holds."""
    if len(args) != 1:
        raise NotUnderstood
    context.charge(1)
    return context.nested(args[0])


WRAPPED: dict[tuple[str, str], Rebuild] = {
    ("torch._utils", "_rebuild_parameter"): parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): parameter,
    ("torch._utils", "_rebuild_device_tensor_from_numpy"): from_cpu,
    ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"): from_cpu,
    ("torch._utils", "_rebuild_xla_tensor"): from_cpu,
    ("torch._tensor", "_rebuild_from_type_v2"): from_type,
    ("torch._tensor", "_rebuild_from_type"): from_type,
    ("torch.tensor", "_rebuild_from_type"): from_type,
    ("torch.serialization", "_get_layout"): layout,
    ("torch.storage", "_load_from_bytes"): load_from_bytes,
    VARIABLE: variable,
    **dict.fromkeys(PARAMETERS, named_value),
}
"""Calls that make a tensor of others."""

VARIABLE_STATES: dict[tuple[str, str], Build] = dict.fromkeys([VARIABLE, *PARAMETERS], fill)
"""States that turn a record into a tensor."""
