"""The modules of `consul_proto.types`, which only checkers import: each can be imported, and holds TypedDicts, or unions of them."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import UnionType
from typing import get_args, is_typeddict

import pytest

import consul_proto.types

_MODULES = sorted(path.stem for path in Path(consul_proto.types.__path__[0]).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", _MODULES)
def test_a_module_of_types(name: str) -> None:
    module = importlib.import_module(f"consul_proto.types.{name}")
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    unions = [value for value in vars(module).values() if isinstance(value, UnionType)]
    assert own or unions
    for value in [*own, *(member for union in unions for member in get_args(union))]:
        assert is_typeddict(value)
        assert value.__annotations__
