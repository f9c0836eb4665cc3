"""An architecture that the user names, built to compare a checkpoint with.

The one place where code runs that is not ours: the user's own module, or a model library that is
installed in the environment, because the user asked for it on the command line. Nothing in a checkpoint
can ask for it, and no weights are fetched or loaded.

    py:MODULE:FACTORY          a module or package that Python finds (the working directory comes last),
                               and in it a torch.nn.Module or something to call for one
    timm:NAME                  timm.create_model(NAME, pretrained=False)
    torchvision:NAME           torchvision.models.get_model(NAME, weights=None)
    transformers:FOLDER        the class that FOLDER/config.json names, from its settings (no remote code)
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pthreport.anatomy.architecture import Blueprint
from pthreport.anatomy.value_text import settings_of

FORMS = "py:MODULE:FACTORY, timm:NAME, torchvision:NAME or transformers:FOLDER"


class ReferenceError(Exception):
    """The architecture cannot be built: one line, what and why."""


def blueprint(spec: str) -> Blueprint:
    """Names, shapes and classes of the architecture that `spec` names.

    Raises `ReferenceError`: for a form that is not known, a package that is not installed, a name that is
    not in it, and for whatever the code that was asked for raises.
    """
    kind, colon, rest = spec.partition(":")
    build = _BUILDERS.get(kind)
    if build is None or not colon or not rest:
        raise ReferenceError(f"--model {spec}: an architecture is named as {FORMS}")
    try:
        module = build(rest)
    except ReferenceError as error:
        raise ReferenceError(f"--model {spec}: {error}") from error
    except (Exception, SystemExit) as error:  # somebody else's code: whatever it raises is its answer
        first = " ".join(str(error).split())[:300]
        raise ReferenceError(f"--model {spec}: {type(error).__name__}: {first}") from error
    return _drawn(spec, kind, module)


def _drawn(spec: str, kind: str, module: Any) -> Blueprint:
    import torch

    if not isinstance(module, torch.nn.Module):
        raise ReferenceError(
            f"--model {spec}: that gives {type(module).__name__}, and a torch.nn.Module is wanted"
        )
    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    return Blueprint(
        spec=spec,
        library="" if kind == "py" else f"{kind} {_version(kind)}",
        shapes={
            name: tuple(value.shape)
            for name, value in module.state_dict().items()
            if hasattr(value, "shape")
        },
        parameters=frozenset(parameters),
        classes={
            name: (
                f"{type(inner).__module__}.{type(inner).__qualname__}",
                settings_of({k: v for k, v in vars(inner).items() if not isinstance(v, torch.nn.Module)}),
            )
            for name, inner in module.named_modules(remove_duplicate=False)
        },
    )


def _own(rest: str) -> Any:
    import torch

    name, colon, attribute = rest.partition(":")
    if not colon or not name or not attribute:
        raise ReferenceError("a module and a factory in it are wanted, as py:MODULE:FACTORY")
    # Last, so that nothing in the working directory takes the place of an installed module.
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    found: Any = import_module(name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ReferenceError(f"{name} has no {attribute}")
        found = getattr(found, part)
    return found if isinstance(found, torch.nn.Module) or not callable(found) else found()


def _timm(name: str) -> Any:
    timm = _library("timm")
    with _meta():
        return timm.create_model(name, pretrained=False)


def _torchvision(name: str) -> Any:
    models = _library("torchvision.models")
    with _meta():
        return models.get_model(name, weights=None)


def _transformers(folder: str) -> Any:
    transformers = _library("transformers")
    if not os.path.isfile(os.path.join(folder, "config.json")):
        raise ReferenceError(f"{folder} holds no config.json")
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    named = (getattr(config, "architectures", None) or [None])[0]
    built = getattr(transformers, str(named), None) if named else None
    with _meta():
        if built is not None:
            return built(config)
        return transformers.AutoModel.from_config(config, trust_remote_code=False)


_BUILDERS: dict[str, Callable[[str], Any]] = {
    "py": _own,
    "timm": _timm,
    "torchvision": _torchvision,
    "transformers": _transformers,
}


def _meta() -> Any:
    """Shapes without values: a model of any size costs nothing."""
    import torch

    return torch.device("meta")


def _library(name: str) -> Any:
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in (name, package):
            raise
        raise ReferenceError(f"{package} is not installed (pip install {package})") from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
