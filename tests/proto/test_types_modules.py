"""The modules of `consul_proto.types`, which only checkers import: each can be imported, and holds TypedDicts with their fields."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import is_typeddict

import pytest

import consul_proto.types

_MODULES = sorted(path.stem for path in Path(consul_proto.types.__path__[0]).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", _MODULES)
def test_a_module_of_types(name: str) -> None:
    module = importlib.import_module(f"consul_proto.types.{name}")
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    assert own
    for value in own:
        assert is_typeddict(value)
        assert value.__annotations__
