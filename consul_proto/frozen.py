"""Frozen dataclasses that are quick to define, and constructors of frozen dataclasses that are quick to call.

`dataclasses.dataclass(frozen=True)` writes and compiles six methods for each class. A command of the command line defines about 35 classes,
and that took a sixth of the time of its imports. `dataclass` here compiles only the constructor, before its first use.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, fields
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, slots: bool, init: bool = True, repr: bool = True) -> Callable[[type[T]], type[T]]:  # noqa: A002
        """Return what makes a class what `dataclasses.dataclass(frozen=True, slots=True)` makes it. No base of the class is a dataclass."""
        if not (frozen and slots):
            raise TypeError("only for frozen classes with slots; use dataclasses.dataclass for others")

        def made(plain: type[T]) -> type[T]:
            cls = _with_slots(dataclasses.dataclass(init=False, repr=False, eq=False)(plain))
            methods = _methods(cls, repr) | ({"__init__": _Constructor(cls)} if init else {})
            for name in methods.keys() - vars(cls).keys():
                setattr(cls, name, methods[name])
            cls.__dataclass_params__.frozen = True  # so that `dataclasses` knows it when it makes a subclass
            return cls

        return made


def setters(frozen: type[Any]) -> list[Callable[[Any, Any], None]]:
    """Return a setter for each field of a dataclass with slots, in order. Only its `__init__` may use them.

    `object.__setattr__`, which a constructor of `dataclasses` calls, takes three times as long. `benchmarks/building.py` measures it.
    """
    return [getattr(frozen, field.name).__set__ for field in fields(frozen)]


def _with_slots(plain: Any) -> Any:
    """Return the class with a slot for each field. Slots need a new class, and defaults would be in their way."""
    names = tuple(field.name for field in fields(plain))
    members = {name: value for name, value in vars(plain).items() if name not in (*names, "__dict__", "__weakref__")}
    made = type(plain)(plain.__name__, plain.__bases__, {**members, "__slots__": names})
    made.__qualname__ = plain.__qualname__
    return made


class _Constructor:
    """The constructor of a class until it is looked up, for a call or for its signature: then it becomes a function."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def __get__(self, instance: object, owner: type[Any] | None = None) -> Any:
        self._cls.__init__ = made = _constructor(self._cls)
        return made if instance is None else made.__get__(instance)


def _constructor(cls: Any) -> Callable[..., None]:
    """Return the constructor of a class with slots: it takes the fields in their order."""
    parameters, lines = ["self"], []
    known: dict[str, Any] = {"_MISSING": MISSING}
    for field in fields(cls):
        if not field.init:
            continue  # `__post_init__` sets it
        name, default, value = field.name, f"_default_{field.name}", field.name
        if field.default is not MISSING:
            known[default] = field.default
            parameters.append(f"{name}={default}")
        elif field.default_factory is not MISSING:
            known[default], value = field.default_factory, f"{default}() if {name} is _MISSING else {name}"
            parameters.append(f"{name}=_MISSING")
        else:
            parameters.append(name)
        known[f"_set_{name}"] = getattr(cls, name).__set__
        lines.append(f"_set_{name}(self, {value})")
    lines += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    body = "\n  ".join(lines or ["pass"])
    scope: dict[str, Any] = {}
    text = f"def _made({', '.join(known)}):\n def __init__({', '.join(parameters)}):\n  {body}\n return __init__"
    exec(text, vars(import_module(cls.__module__)), scope)  # noqa: S102 - as `dataclasses` does; it has the names of the fields, and no values
    made: Callable[..., None] = scope["_made"](**known)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {field.name: field.type for field in fields(cls) if field.init} | {"return": None}
    return made


def _methods(cls: Any, shows: bool) -> dict[str, Any]:
    """Return the other methods of a frozen dataclass. shows: whether `repr` is one of them."""
    compared = [field.name for field in fields(cls) if field.compare]
    shown = [field.name for field in fields(cls) if field.repr]
    values: Callable[[Any], object] = attrgetter(*compared) if compared else lambda _: ()

    def equal(self: Any, other: Any) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def number(self: Any) -> int:
        return hash(values(self))

    def text(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    found: dict[str, Any] = {"__eq__": equal, "__hash__": number, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    found |= {"__getstate__": _state, "__setstate__": _set_state}
    return found | ({"__repr__": text} if shows else {})


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def _refuse_to_set(_: object, name: str, value: object) -> None:  # noqa: ARG001 - the value does not matter
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
