"""Every function of the stores, found by itself, and each call of it that is tried."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cloud
from tests.integration.both.arguments import Filled, arguments_of, calls_of

CONNECTION = frozenset({"connection", "conn"})


def find_functions() -> dict[str, Callable[..., Any]]:
    """The public functions of all `store` modules of the cloud, as `web.board.figures`."""
    found = {}
    for module in pkgutil.walk_packages(cloud.__path__, "cloud."):
        if module.name.endswith(".store"):
            part = module.name.removeprefix("cloud.").removesuffix(".store")
            if part.startswith(("identity.", "registry.sample")):
                continue  # accounts, and a city for trials: plain tables on both kinds of server, tested by themselves
            for name, function in vars(importlib.import_module(module.name)).items():
                own = inspect.isfunction(function) and function.__module__ == module.name
                if own and not name.startswith("_") and CONNECTION & inspect.signature(function).parameters.keys():
                    found[f"{part}.{name}"] = function
    return found


@dataclass(frozen=True)
class Call:
    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]


def find_calls(filled: Filled) -> list[Call]:
    """Every function with its arguments, some more than once.

    Raises LookupError that says of each parameter for which nothing is known where to name a value.
    """
    known, calls = arguments_of(filled), calls_of(filled)
    found, without = [], []
    for name, function in find_functions().items():
        for own in calls.get(name, [{}]):
            arguments = {}
            for parameter in inspect.signature(function).parameters.values():
                if parameter.name in own:
                    arguments[parameter.name] = own[parameter.name]
                elif parameter.name in CONNECTION or parameter.default is not inspect.Parameter.empty:
                    continue
                elif parameter.name in known:
                    arguments[parameter.name] = known[parameter.name]
                else:
                    without.append(f"cloud.{name}: {parameter.name}")
            found.append(Call(name, function, arguments))
    if without:
        raise LookupError(
            "nothing is known for these parameters; give each a value in tests/integration/both/arguments.py, so that "
            "the function is called on both kinds of server: " + "; ".join(without)
        )
    return found
