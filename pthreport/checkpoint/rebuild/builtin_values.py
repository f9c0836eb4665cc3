"""Plain containers and values that pickles make by a call."""

from pthreport.checkpoint.machine import Context, NotUnderstood, Rebuild
from pthreport.checkpoint.values import Collection, Global, Mapping, Record, Value


def _pairs_into(context: Context, made: Mapping, source: Value) -> Mapping:
    """Fill a mapping from a dict or a sequence of pairs, as dict() does."""
    if isinstance(source, dict):
        context.charge(len(source))
        made.update(source)
        return made
    if not isinstance(source, list | tuple):
        raise NotUnderstood
    context.charge(len(source))
    for pair in source:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not _simple(pair[0]):
            raise NotUnderstood
        made[pair[0]] = pair[1]
    return made


def _simple(key: Value) -> bool:
    return type(key) in (str, bytes, bool) or key is None or (type(key) is int and abs(key) < 2**61 - 1)


def ordered_dict(context: Context, args: tuple[Value, ...]) -> Value:
    """collections.OrderedDict(), or of pairs."""
    if len(args) > 1:
        raise NotUnderstood
    context.charge(1)
    made = Mapping("collections.OrderedDict")
    return _pairs_into(context, made, args[0]) if args else made


def counter(context: Context, args: tuple[Value, ...]) -> Value:
    """collections.Counter(dict)."""
    if len(args) > 1 or (args and not isinstance(args[0], dict)):
        raise NotUnderstood
    context.charge(1)
    made = Mapping("collections.Counter")
    return _pairs_into(context, made, args[0]) if args else made


def default_dict(context: Context, args: tuple[Value, ...]) -> Value:
    """collections.defaultdict(factory): the factory is kept as an attribute, never called."""
    if len(args) > 1 or (args and not (args[0] is None or isinstance(args[0], Global | Record))):
        raise NotUnderstood
    context.charge(1)
    made = Mapping("collections.defaultdict")
    if args:
        made.attributes["default_factory"] = args[0]
    return made


def _collection(kind: str) -> Rebuild:
    def build(context: Context, args: tuple[Value, ...]) -> Value:
        items: list[Value] = []
        if args:
            given = args[0].items if isinstance(args[0], Collection) else args[0]
            if not isinstance(given, list | tuple) or (len(args) > 1 and kind != "deque"):
                raise NotUnderstood
            context.charge(len(given))
            items = list(given)
        context.charge(1)
        return Collection(kind, items)

    return build


def size(context: Context, args: tuple[Value, ...]) -> Value:
    """torch.Size(sizes): a tuple."""
    if len(args) != 1 or not isinstance(args[0], list | tuple):
        raise NotUnderstood
    context.charge(1 + (len(args[0]) if isinstance(args[0], list) else 0))
    return tuple(args[0])


def complex_number(context: Context, args: tuple[Value, ...]) -> Value:
    """complex(real, imag)."""
    if len(args) != 2:
        raise NotUnderstood
    real, imaginary = args
    if type(real) is not float or type(imaginary) is not float:
        raise NotUnderstood
    return complex(real, imaginary)


def byte_string(context: Context, args: tuple[Value, ...]) -> Value:
    """bytes(), bytearray(b"..."), bytearray("...", "latin-1")."""
    if not args:
        return b""
    if len(args) == 1 and isinstance(args[0], bytes):
        return args[0]
    if len(args) == 2:
        return encode(context, args)
    raise NotUnderstood


def encode(context: Context, args: tuple[Value, ...]) -> Value:
    """_codecs.encode(text, "latin1"): how Python 3 writes bytes in protocol 2."""
    if len(args) != 2 or type(args[0]) is not str or args[1] not in ("latin1", "latin-1", "utf-8"):
        raise NotUnderstood
    context.charge(1)
    context.charge_bytes(len(args[0]))
    try:
        return args[0].encode("latin-1" if args[1] != "utf-8" else "utf-8")
    except UnicodeEncodeError as error:
        raise NotUnderstood("text that is not of its encoding") from error


def reconstructor(context: Context, args: tuple[Value, ...]) -> Value:
    """copyreg._reconstructor(class, base, state): an object of protocol 0 or 1."""
    if len(args) != 3 or not isinstance(args[0], Global) or not isinstance(args[1], Global):
        raise NotUnderstood
    context.imports.called((args[0].module, args[0].name))
    made = context.record(args[0], ())
    base, content = args[1].name, args[2]
    if base in ("dict", "list", "tuple", "set", "str", "int", "float") and content is not None:
        made.args = (content,)
    elif content is not None:
        made.args = args[1:]
    return made


def new_object(context: Context, args: tuple[Value, ...]) -> Value:
    """copyreg.__newobj__(class, *args)."""
    if not args or not isinstance(args[0], Global):
        raise NotUnderstood
    return context.call(args[0], args[1:])


PLAIN: dict[tuple[str, str], Rebuild] = {
    ("collections", "OrderedDict"): ordered_dict,
    ("collections", "Counter"): counter,
    ("collections", "defaultdict"): default_dict,
    ("collections", "deque"): _collection("deque"),
    ("torch", "Size"): size,
    ("_codecs", "encode"): encode,
    **{
        (module, name): rebuild
        for module in ("builtins", "__builtin__")
        for name, rebuild in (
            ("set", _collection("set")),
            ("frozenset", _collection("frozenset")),
            ("complex", complex_number),
            ("bytes", byte_string),
            ("bytearray", byte_string),
        )
    },
    **{(module, "_reconstructor"): reconstructor for module in ("copyreg", "copy_reg")},
    **{(module, "__newobj__"): new_object for module in ("copyreg", "copy_reg")},
}
"""Calls that make plain values."""
