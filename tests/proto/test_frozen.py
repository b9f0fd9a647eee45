"""The frozen dataclasses of the core are what `dataclasses` makes: the same calls, texts, comparisons, copies and refusals."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any, Generic, TypeVar, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto import frozen

T = TypeVar("T")


@frozen.dataclass(frozen=True, slots=True)
class _Ours(Generic[T]):
    """Some fields."""

    name: str
    value: T
    more: list[int] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    note: int = field(default=3, compare=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.name))


@dataclasses.dataclass(frozen=True, slots=True)
class _Theirs(Generic[T]):
    """Some fields."""

    name: str
    value: T
    more: list[int] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    note: int = field(default=3, compare=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.name))


@frozen.dataclass(frozen=True, slots=True)
class _Empty:
    """No field."""


@dataclasses.dataclass(frozen=True)
class _More(_Ours[int]):
    """One field more, and no slots."""

    extra: int = 5


@frozen.dataclass(frozen=True, slots=True, repr=False)
class _WithOwnMethods:
    """A class that writes two methods itself."""

    token: str

    def __repr__(self) -> str:
        return "<a secret>"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 7


_NAMES = st.sampled_from(["", "a", "web"])
_VALUES = st.none() | st.integers(0, 2) | st.floats(allow_nan=False) | st.tuples(st.integers(0, 1))
_ARGUMENTS = st.tuples(_NAMES, _VALUES) | st.tuples(_NAMES, _VALUES, st.lists(st.integers(0, 1), max_size=2))
_OPTIONS = st.fixed_dictionaries({}, optional={"secret": st.sampled_from(["s", "t"]), "note": st.integers(0, 1)})
_CALLS = st.tuples(_ARGUMENTS, _OPTIONS)


def _both(call: tuple[tuple[Any, ...], dict[str, Any]]) -> tuple[_Ours[Any], _Theirs[Any]]:
    return _Ours(*call[0], **call[1]), _Theirs(*call[0], **call[1])


def _ending(action: Callable[[], object]) -> tuple[type[BaseException], str]:
    with pytest.raises(Exception) as caught:
        action()
    return caught.type, str(caught.value).replace("_Theirs", "_Ours")


@given(_CALLS, _CALLS)
def test_instances_read_and_compare_alike(first: Any, second: Any) -> None:
    (ours, theirs), (others, other_theirs) = _both(first), _both(second)
    assert repr(ours) == repr(theirs).replace("_Theirs", "_Ours")
    assert [getattr(ours, each.name) for each in dataclasses.fields(ours)] == [
        getattr(theirs, each.name) for each in dataclasses.fields(theirs)
    ]
    assert (ours == others) is (theirs == other_theirs)
    assert dataclasses.astuple(ours) == dataclasses.astuple(theirs)


@given(_CALLS)
def test_copies_are_equal(call: Any) -> None:
    ours, _ = _both(call)
    for same in (copy.copy(ours), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours)), dataclasses.replace(ours)):
        assert (same, same.note, same.size) == (ours, ours.note, ours.size)
    assert dataclasses.replace(ours, name="other").size == 5


def test_hashes_are_of_what_is_compared() -> None:
    assert hash(_Ours("a", 1, (), note=1)) == hash(_Ours("a", 1, (), note=2))  # type: ignore[arg-type] # a list has no hash
    assert _Empty() == _Empty()
    assert hash(_Empty()) == hash(_Empty())
    assert repr(_Empty()) == "_Empty()"
    other: object = _Ours("a", 1)
    assert _Empty() != other


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", 1, [], "s", 3, 4)], ids=len)
def test_a_wrong_call_is_refused_alike(arguments: tuple[Any, ...]) -> None:
    made: Any = _Ours
    theirs: Any = _Theirs
    assert _ending(lambda: made(*arguments)) == _ending(lambda: theirs(*arguments))
    assert _ending(lambda: made("a", 1, unknown=2)) == _ending(lambda: theirs("a", 1, unknown=2))


@pytest.mark.parametrize("name", ["name", "secret", "size"])
def test_a_field_cannot_be_changed(name: str) -> None:
    ours, theirs = _both((("a", 1), {}))
    kind, text = _ending(lambda: setattr(ours, name, "b"))
    assert (kind, text) == _ending(lambda: setattr(theirs, name, "b"))
    assert kind is FrozenInstanceError
    assert _ending(lambda: delattr(ours, name)) == _ending(lambda: delattr(theirs, name))
    with pytest.raises(AttributeError):
        ours.other = 1  # type: ignore[attr-defined] # this is the mistake
    assert not hasattr(ours, "__dict__")


def test_the_signature_and_the_types_are_known_before_the_first_call() -> None:
    @frozen.dataclass(frozen=True, slots=True)
    class Fresh:
        """A class that nobody has called."""

        name: str
        number: int = 3

    assert [str(each) for each in inspect.signature(Fresh).parameters.values()] == ["name: 'str'", "number: 'int' = 3"]
    assert get_type_hints(Fresh.__init__) == {"name": str, "number": int, "return": type(None)}
    assert Fresh.__match_args__ == ("name", "number")


def test_a_subclass_has_the_constructor_of_its_class() -> None:
    @frozen.dataclass(frozen=True, slots=True)
    class Plain:
        """A class that nobody has called."""

        name: str

    class Special(Plain):
        """A subclass."""

    assert Special("a").name == "a"
    assert Plain("b").name == "b"


def test_a_dataclass_can_have_one_as_its_base() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class More(_Ours[int]):
        """One field more."""

        extra: int = 5

    assert repr(More("a", 1, extra=6)).endswith("More(name='a', value=1, more=[], note=3, size=1, extra=6)")
    assert More("a", 1) == More("a", 1) != More("a", 1, extra=6)
    assert vars(More)["__slots__"] == ("extra",)


def test_a_subclass_keeps_its_own_fields_in_copies() -> None:
    more = _More("a", 1, extra=9)
    for same in (copy.copy(more), copy.deepcopy(more), pickle.loads(pickle.dumps(more))):
        assert (same, same.extra) == (more, 9)


def test_methods_of_the_class_itself_stay() -> None:
    assert repr(_WithOwnMethods("t")) == "<a secret>"
    assert _WithOwnMethods("t") == 3
    assert hash(_WithOwnMethods("t")) == 7


def test_only_frozen_classes_with_slots_are_made() -> None:
    with pytest.raises(TypeError, match="only for frozen classes with slots"):
        frozen.dataclass(frozen=False, slots=True)
    with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):

        @frozen.dataclass(frozen=True, slots=True)
        class More(_Ours[int]):
            """One field more."""
