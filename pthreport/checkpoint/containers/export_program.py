"""What an exported program's JSON says about its weights (torch/_export/serde/schema.py)."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pthreport.checkpoint.tensor import Role

_KEPT = (
    "schema_version",
    "opset_version",
    "torch_version",
    "range_constraints",
    "guards_code",
    "verifiers",
)
_NAMES = {"parameter": "parameter_name", "buffer": "buffer_name"}
_LISTED = 1_000


@dataclass(slots=True)
class Program:
    """`roles` of the weights by name, `classes` of modules by name, and a summary for people."""

    roles: dict[str, Role] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def program_of(content: Any) -> Program:
    """The facts of a parsed program; what is not as the schema has it is left out."""
    found = Program()
    if not isinstance(content, dict):
        return found
    module = content.get("graph_module")
    module = module if isinstance(module, dict) else {}
    graph = module.get("graph")
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    signature = module.get("signature")
    _roles(found, signature)
    operators: Counter[str] = Counter()
    for node in nodes if isinstance(nodes, list) else ():
        if not isinstance(node, dict):
            continue
        target, metadata = node.get("target"), node.get("metadata")
        if isinstance(target, str):
            operators[target[:200]] += 1
        if isinstance(metadata, dict):
            _classes(found, metadata.get("nn_module_stack"))
    found.summary = {key: content[key] for key in _KEPT if key in content}
    found.summary["operators"] = dict(operators.most_common(_LISTED))
    for key in ("inputs", "outputs"):
        if isinstance(graph, dict) and isinstance(graph.get(key), list):
            found.summary[key] = len(graph[key])
    return found


def _roles(found: Program, signature: Any) -> None:
    specs = signature.get("input_specs") if isinstance(signature, dict) else None
    for spec in specs if isinstance(specs, list) else ():
        for kind, key in _NAMES.items():
            inner = spec.get(kind) if isinstance(spec, dict) else None
            name = inner.get(key) if isinstance(inner, dict) else None
            if isinstance(name, str):
                found.roles[name] = "parameter" if kind == "parameter" else "buffer"


def _classes(found: Program, stack: Any) -> None:
    """ "key,name,class;key,name,class": the modules that a node was called in, outermost first."""
    for part in stack.split(";") if isinstance(stack, str) else ():
        fields = part.split(",")
        if len(fields) == 3 and fields[2]:
            name = fields[1].split("@", 1)[0]
            found.classes.setdefault(name, fields[2])
