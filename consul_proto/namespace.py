"""`Namespace` and its members: one definition of a call for three modes.

`KV[Pure].put("k", "v")` is an `Operation[bool]`, `KV[Sync].put("k", "v")` a bool, `KV[Async].put("k", "v")` a coroutine of a bool: the
mode is a type parameter of the namespace, and both type checkers know which. The members are `operation` (one request), `flow` (several
requests), `stream` (one request whose answer is read as it comes) and `group` (a namespace inside a namespace).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import cache, cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, SupportsIndex, TypeVar, overload

from consul_proto.argument_types import checks_of
from consul_proto.arguments import check_keywords, wrong_arguments
from consul_proto.described import GroupDoc
from consul_proto.flow import NamedFlow
from consul_proto.operation import Operation, T
from consul_proto.stream import AsyncEvents, E, Events, Stream

if TYPE_CHECKING:
    from consul_proto.codec import Codec
    from consul_proto.flow import Flow

P = ParamSpec("P")
S = TypeVar("S")
M = TypeVar("M")
N = TypeVar("N", covariant=True)
X = TypeVar("X")
Y = TypeVar("Y")
Z = TypeVar("Z")


class Pure:
    """The mode in which a method returns its Operation, or its Flow."""


class Sync:
    """The mode in which a method runs the call and returns its value."""


class Async:
    """The mode in which a method returns a coroutine of its value."""


def unchanged(call: Any) -> Any:
    """Return the operation or flow itself: the runner of the Pure mode."""
    return call


class Namespace(Generic[M]):
    """A group of endpoints. `run` decides what a method returns.

    run: what to do with an operation or a flow: return it, run it, or return a coroutine that runs it.
    codec: how KV values become Python values.
    """

    #: Its place in the API ("agent.check"), for errors; None if it was created without a client: errors then show the name of its class.
    _place: str | None = None

    #: Whether its calls are awaited, and whether `help()` of an object lists its calls: for `consul_proto.described`.
    _awaits = False
    _lists_calls = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls._lists_calls:
            cls.__doc__ = GroupDoc(cls.__doc__)  # type: ignore[assignment] # a descriptor of a str

    def __init__(self, run: Callable[[Any], Any] = unchanged, codec: Codec = "json") -> None:
        self._begin(run, codec)

    @classmethod
    def _over(cls, run: Callable[[Any], Any], codec: Codec = "json", place: str | None = None) -> Self:
        """Make a namespace whose calls go through `run`, without calling the class's own constructor."""
        namespace = cls.__new__(cls)
        namespace._place = place  # noqa: SLF001 - its own
        namespace._begin(run, codec)  # noqa: SLF001 - its own
        return namespace

    def _begin(self, run: Callable[[Any], Any], codec: Codec) -> None:
        self._run = run
        self._codec: Codec = codec

    def __repr__(self) -> str:
        name = type(self).__name__.lower() if self._place is None else self._place
        if self._run is unchanged:
            return f"<{name} operations>".replace("< ", "<")
        return f"<{name} of {getattr(self._run, '__self__', self._run)!r}>"

    def __dir__(self) -> list[str]:
        """Return the calls and the groups, and what Python itself looks for."""
        return [name for name in super().__dir__() if not name.startswith("_") or name.endswith("__")]

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Refuse to be copied or pickled, unless it only builds operations."""
        if self._run is unchanged:
            return super().__reduce_ex__(protocol)
        raise TypeError(
            f"{self!r} cannot be copied or pickled: it has connections. Make another client, or use client.using(), which shares them"
        )


class group(cached_property[N]):  # noqa: N801 - a marker, as `operation` and `flow` are
    """A namespace inside a namespace, in the same mode. It is imported and made when it is first used.

    home: its class, as "module:Class". doc: its docstring; None: that of the group with the same name in a base class.
    """

    def __init__(self, home: str, doc: str | None = None) -> None:
        super().__init__(self._make)
        self.home = home
        self.__doc__ = doc

    def __set_name__(self, owner: type[Any], name: str) -> None:
        super().__set_name__(owner, name)
        if self.__doc__ is None:
            self.__doc__ = next((vars(base)[name].__doc__ for base in owner.__mro__[1:] if name in vars(base)), None)

    def _make(self, namespace: Any) -> N:
        module, _, path = self.home.partition(":")
        found: Any = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        made: N = found._over(namespace._run, namespace._codec, _place(namespace, self.attrname or ""))  # noqa: SLF001 - its other half
        made._awaits = namespace._awaits  # type: ignore[attr-defined] # noqa: SLF001 - its other half
        return made


def _place(namespace: Namespace[Any], name: str) -> str:
    """Return the name by which users call a member of a namespace ("agent.check.register")."""
    place = namespace._place  # noqa: SLF001 - the other half of Namespace
    return f"{type(namespace).__name__.lower() if place is None else place}.{name}".removeprefix(".")


class _Definition(Generic[S, P, X, Y, Z]):
    """What `operation`, `flow` and `stream` share: binding the method to its namespace's mode, once per namespace object.

    X is the type that the method builds; Y is the type that a call returns for threads, Z for tasks.
    """

    def __init__(self, build: Callable[Concatenate[S, P], X]) -> None:
        self.build = build
        self.__doc__ = build.__doc__
        self.__wrapped__ = build

    def __set_name__(self, owner: type[object], name: str) -> None:
        self.__name__ = name

    def __call__(self, namespace: Namespace[Any], *args: Any, **kwargs: Any) -> Any:
        """Call it as a function: `KV.get(kv, "key")`. It also makes help() show a method."""
        return self._bind(namespace)(*args, **kwargs)

    @overload
    def __get__(self, obj: Namespace[Pure], owner: type[Any] | None = None) -> Callable[P, X]: ...
    @overload
    def __get__(self, obj: Namespace[Sync], owner: type[Any] | None = None) -> Callable[P, Y]: ...
    @overload
    def __get__(self, obj: Namespace[Async], owner: type[Any] | None = None) -> Callable[P, Z]: ...
    @overload
    def __get__(self, obj: None, owner: type[Any] | None = None) -> Self: ...
    def __get__(self, obj: Any, owner: type[Any] | None = None) -> Any:
        """Return the call, bound to its namespace and in the namespace's mode."""
        return self if obj is None else self._bind(obj)

    #: Whether tasks await the call.
    is_awaited = True

    def _wrapper(self, namespace: Namespace[Any]) -> str:  # noqa: ARG002 - a stream differs between threads and tasks
        """Return how the type that a call returns wraps its value, when the call is run."""
        return "{}"

    def _value(self, place: str) -> Callable[[Any], Any]:  # noqa: ARG002 - a flow shows its name
        """Return the function that wraps what the method builds, for the mode in which it is not run."""
        return unchanged

    def _bind(self, namespace: Namespace[Any]) -> Callable[..., Any]:
        build, run = self.build, namespace._run  # noqa: SLF001 - the other half of Namespace
        place, checks = _place(namespace, self.__name__), checks_of(build, 1)
        check, usual = checks.check, checks.usual
        is_pure = run is unchanged
        if is_pure:
            run = self._value(place)

        def bound(*args: Any, **kwargs: Any) -> Any:
            if kwargs:
                check_keywords(place, build, kwargs)
            if kwargs or len(args) != 1 or type(args[0]) is not usual:
                check(place, args, kwargs)
            try:
                call = build(namespace, *args, **kwargs)  # type: ignore[arg-type] # S is the namespace's own class
            except TypeError as error:
                # The traceback has no frame of the method, so the method did not start: the arguments do not fit its signature.
                if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                    raise wrong_arguments(place, error) from None
                raise
            return run(call)

        bound.__name__ = self.__name__
        bound.__qualname__ = f"{type(namespace).__name__}.{self.__name__}"
        bound.__doc__ = build.__doc__
        bound.__module__ = build.__module__
        bound.__signature__ = _signature(build, "" if is_pure else self._wrapper(namespace))  # type: ignore[attr-defined] # for inspect and help()
        if getattr(type(namespace), self.__name__, None) is self:
            # This is not a data descriptor: the next look-up finds `bound` and does not come here. An overridden method is not stored.
            namespace.__dict__[self.__name__] = bound
        return bound


@cache
def _signature(build: Callable[..., Any], wrapper: str) -> inspect.Signature:
    """Return the signature without `self`. wrapper: how the type of the value is wrapped; "" leaves the type of the operation."""
    signature = inspect.signature(build)
    parameters = list(signature.parameters.values())[1:]
    returns = signature.return_annotation
    if wrapper and isinstance(returns, str) and returns.endswith("]"):
        returns = wrapper.format(returns.partition("[")[2][:-1])
    elif wrapper:
        returns = getattr(returns, "__args__", (returns,))[-1]
    return signature.replace(parameters=parameters, return_annotation=returns)


class operation(_Definition[S, P, Operation[T], T, Coroutine[Any, Any, T]]):  # noqa: N801 - a decorator
    """Marks a method that builds an Operation."""

    def __init__(self, build: Callable[Concatenate[S, P], Operation[T]]) -> None:
        super().__init__(build)


class flow(_Definition[S, P, "Flow[T]", T, Coroutine[Any, Any, T]]):  # noqa: N801 - a decorator
    """Marks a method that builds a Flow: a call that takes several requests."""

    def __init__(self, build: Callable[Concatenate[S, P], Flow[T]]) -> None:
        super().__init__(build)

    #: Whether tasks await the call.
    is_awaited = True

    def _wrapper(self, namespace: Namespace[Any]) -> str:  # noqa: ARG002 - a stream differs between threads and tasks
        """Return how the type that a call returns wraps its value, when the call is run."""
        return "{}"

    def _value(self, place: str) -> Callable[[Any], Any]:
        return partial(NamedFlow, place)


class stream(_Definition[S, P, Stream[E], Events[E], AsyncEvents[E]]):  # noqa: N801 - a decorator
    """Marks a method that builds a Stream: a call whose answer is read event by event."""

    is_awaited = False

    def __init__(self, build: Callable[Concatenate[S, P], Stream[E]]) -> None:
        super().__init__(build)

    def _wrapper(self, namespace: Namespace[Any]) -> str:
        return "AsyncEvents[{}]" if namespace._awaits else "Events[{}]"  # noqa: SLF001 - the other half of Namespace
