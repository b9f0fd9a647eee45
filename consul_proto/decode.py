"""Readers: each turns a successful answer of one shape into a value, or raises DecodeError.

A reader checks only the parts of the shape that this library relies on. It does not check the members that an endpoint's TypedDict lists.

A DecodeError says what was expected and what was received. It never quotes the body, which may contain secrets.
A list or an object that Consul writes as null becomes an empty one: https://developer.hashicorp.com/consul/api-docs/api-structure
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable
from typing import Any, cast

from consul_proto.errors import DecodeError, NotFound
from consul_proto.message import Response

_JSON_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


#: The JSON value of an answer's body. Raises DecodeError.
json_value: Callable[[Response], Any] = Response.json


def wrong(expected: str, value: object) -> DecodeError:
    """Return the error for a value of another shape."""
    return DecodeError(f"expected {expected}, got {_JSON_NAMES.get(type(value), type(value).__name__)}")


def nothing(response: Response) -> bool:
    """Return True for an answer without content."""
    if response.body.strip() not in (b"", b"null", b"true"):
        raise DecodeError(f"expected an empty answer, got {len(response.body)} bytes: did something other than Consul answer?")
    return True


def boolean(response: Response) -> bool:
    """Return a bare true or false."""
    body = response.body
    if body in (b"true", b"true\n"):
        return True
    if body in (b"false", b"false\n"):
        return False
    value = json_value(response)
    if not isinstance(value, bool):
        raise wrong("a boolean", value)
    return value


def text(response: Response) -> str:
    """Return a bare JSON string."""
    value = json_value(response)
    if not isinstance(value, str):
        raise wrong("a string", value)
    return value


def plain_text(response: Response) -> str:
    """Return a body of plain text, which is not JSON."""
    try:
        return str(response.body, "utf-8")
    except ValueError:
        raise DecodeError(f"expected text in UTF-8, got {len(response.body)} bytes that are not") from None


def texts(response: Response) -> list[str]:
    """Return a list of strings."""
    value = json_value(response)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong("a list of strings", value)
    return value


def one(response: Response) -> Any:
    """Return one object."""
    value = json_value(response)
    if not isinstance(value, dict):
        raise wrong("an object", value)
    return value


def each(response: Response) -> list[Any]:
    """Return a list of objects."""
    value = json_value(response)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong("a list of objects", value)
    return value


def by_name(response: Response) -> dict[str, Any]:
    """Return an object of objects."""
    value = json_value(response)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, dict) for item in value.values()):
        raise wrong("an object of objects", value)
    return value


def members(response: Response) -> list[Any]:
    """Return the values of an object of objects."""
    return list(by_name(response).values())


def first(missing: str) -> Callable[[Response], Any]:
    """Return a reader for the one object of a list; for an empty list it raises NotFound with the text `missing`."""

    def read(response: Response) -> Any:
        found = each(response)
        if not found:
            raise NotFound(missing, maybe_applied=False)
        return found[0]

    return read


def member(name: str) -> Callable[[Response], str]:
    """Return a reader for an object, which returns the string in its member `name`."""

    def read(response: Response) -> str:
        value = json_value(response)
        if not isinstance(value, dict) or not isinstance(value.get(name), str):
            raise wrong(f"an object with a string {name}", value)
        return cast("str", value[name])

    return read


def from_base64(value: object) -> bytes:
    """Return the bytes of a base64 string; null gives no bytes."""
    if value is None:
        return b""
    try:
        return a2b_base64(cast("str", value), strict_mode=True)
    except (ValueError, TypeError):
        raise DecodeError("expected base64 in the answer, got something else") from None
