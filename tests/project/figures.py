"""Which names in the vocabulary of a report are measured figures, and where code judges by one.

A figure is a field of `pthreport.document` whose type is or holds a float. Code judges by it where it compares it, asks
whether it is zero, or computes with it; to hand it on, to format it and to ask whether there is one is no judgement.
"""

import ast
import typing
from collections.abc import Iterator, Sequence

import msgspec

from pthreport import document
from pthreport.document import Band, Curve, Histogram, Picture, SpectrumPoints

DRAWN = (Band, Curve, Histogram, Picture, SpectrumPoints)
"""The data of pictures: what they hold are coordinates."""

PASSED_ON = frozenset(
    "tuple list sorted reversed zip enumerate map float abs round min max sum getattr".split()
)
"""Calls whose result is a figure where an argument is one."""

COMPUTING = frozenset(
    "min max sum sorted abs round pow divmod median mean fmean any all math.sqrt math.log".split()
)
ORDERING = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def structs() -> list[type[msgspec.Struct]]:
    """Every record of the vocabulary."""
    named = (getattr(document, name) for name in document.__all__)
    return [one for one in named if isinstance(one, type) and issubclass(one, msgspec.Struct)]


def _holds(hint: object, wanted: type) -> bool:
    return hint is wanted or any(_holds(inner, wanted) for inner in typing.get_args(hint))


def figures() -> frozenset[str]:
    """The names of figures: those that no record uses for a text, a count or a part, and no picture for a coordinate."""
    found: set[str] = set()
    other: set[str] = set()
    for one in structs():
        for name, hint in typing.get_type_hints(one).items():
            (found if _holds(hint, float) and one not in DRAWN else other).add(name)
    return frozenset(found - other)


MANY = frozenset(
    name
    for one in structs()
    for name, hint in typing.get_type_hints(one).items()
    if typing.get_origin(hint) in (tuple, dict)
)
"""Fields that hold several things."""


class Judgements(ast.NodeVisitor):
    """The lines of one function (or of a module outside its functions) that judge by a figure."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.carrying: set[str] = set()
        self.found: set[int] = set()

    # What an expression carries.

    def carries(self, node: ast.AST | None) -> bool:
        """Whether the value of `node` is a figure, or holds one."""
        match node:
            case ast.Attribute():
                return node.attr in self.names
            case ast.Name():
                return node.id in self.carrying
            case ast.Subscript() | ast.Starred() | ast.NamedExpr():
                return self.carries(node.value)
            case ast.Tuple() | ast.List() | ast.Set():
                return any(map(self.carries, node.elts))
            case ast.BoolOp():
                return any(map(self.carries, node.values))
            case ast.BinOp():
                return self.carries(node.left) or self.carries(node.right)
            case ast.UnaryOp():
                return self.carries(node.operand) and not isinstance(node.op, ast.Not)
            case ast.IfExp():
                return self.carries(node.body) or self.carries(node.orelse)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self.carries(node.elt)
            case ast.Call():
                inside = node.func
                if isinstance(inside, ast.Attribute) and inside.attr in ("values", "items"):
                    return self.carries(inside.value)
                return ast.unparse(inside) in PASSED_ON and any(map(self.carries, node.args))
        return False

    def bind(self, target: ast.AST, value: ast.AST | None, *, each: bool = False) -> None:
        """`target` takes `value`, or `each` of its items in turn."""
        if each and isinstance(value, ast.Tuple | ast.List):
            for item in value.elts:
                self.bind(target, item)
        elif isinstance(target, ast.Tuple | ast.List):
            pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for at, part in enumerate(target.elts):
                self.bind(
                    part, value.elts[at] if pairs and isinstance(value, ast.Tuple | ast.List) else value
                )
        elif isinstance(target, ast.Name) and self.carries(value):
            self.carrying.add(target.id)

    # Where names are bound.

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.bind(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.bind(node.target, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.bind(node.target, node.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.bind(node.target, node.iter, each=True)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.bind(node.target, node.iter, each=True)
        for test in node.ifs:
            self.ask(test)
        self.generic_visit(node)

    # Where a figure is judged by.

    def judged(self, node: ast.expr | ast.stmt) -> None:
        self.found.add(node.lineno)

    def ask(self, node: ast.expr) -> None:
        """A test asks whether a bare figure is zero; of a tuple or a table of them, whether there is any."""
        many = isinstance(node, ast.Attribute) and node.attr in MANY
        if self.carries(node) and not many and not isinstance(node, ast.Call | ast.GeneratorExp):
            self.judged(node)

    def visit_If(self, node: ast.If) -> None:
        self.ask(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.ask(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.ask(node.test)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for value in node.values[:-1]:
            self.ask(value)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self.ask(node.operand)
        elif self.carries(node.operand):
            self.judged(node)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        words = any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides)
        if not words and any(isinstance(op, ORDERING) for op in node.ops) and any(map(self.carries, sides)):
            self.judged(node)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        sides = (node.left, node.right)
        texts = (ast.JoinedStr, ast.List, ast.Tuple)
        joined = any(
            isinstance(side, texts) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
            for side in sides
        )
        if not joined and any(map(self.carries, sides)):
            self.judged(node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if self.carries(node.value) or self.carries(node.target):
            self.judged(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        # Comprehensions bind the names of their arguments.
        self.generic_visit(node)
        name = ast.unparse(node.func)
        keys = [k.value.body for k in node.keywords if k.arg == "key" and isinstance(k.value, ast.Lambda)]
        if name in COMPUTING and any(map(self.carries, [*node.args, *keys])):
            self.judged(node)
        if name.rpartition(".")[2] in ("median", "mean", "fmean", "stdev", "quantiles") and any(
            map(self.carries, node.args)
        ):
            self.judged(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Functions inside are asked on their own."""


def judgements(tree: ast.Module, names: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Each function that judges by one of `names`, with the line."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    module = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef)], [])
    bodies: list[tuple[str, Sequence[ast.AST]]] = [("", [module])]
    bodies += [(function.name, function.body) for function in functions]
    for name, body in bodies:
        found = Judgements(names)
        # Twice, since a name may be bound below its use.
        for _ in range(2):
            for statement in body:
                found.visit(statement)
        yield from ((name, line) for line in sorted(found.found))
