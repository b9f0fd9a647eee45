"""A wrapper of a client that checks the type of every result against the document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.document import callables

_RETURNS = {documented.id: documented.returns for documented in callables() if documented.returns is not None}

#: Class of the document ("" for a client), and attribute -> class of the document.
_GROUPS = {
    ("", "acl"): "ACL",
    ("", "agent"): "Agent",
    ("", "catalog"): "Catalog",
    ("", "event"): "Event",
    ("", "health"): "Health",
    ("", "kv"): "KV",
    ("", "session"): "Session",
    ("", "status"): "Status",
    ("Agent", "check"): "Agent.Check",
    ("Agent", "service"): "Agent.Service",
}


class DocumentedClient:
    """A client whose calls are awaited, or one of its groups."""

    def __init__(self, target: Any, owner: str = "") -> None:
        self._target = target
        self._owner = owner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if group := _GROUPS.get((self._owner, name)):
            return DocumentedClient(value, group)
        if name == "using":
            return lambda **options: DocumentedClient(value(**options))
        kind = _RETURNS.get(f"{self._owner}.{name}")
        if kind is None:
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            found = await value(*args, **kwargs)
            assert type(found) is kind, (
                f"{self._owner}.{name} must return {kind.__name__} according to the document, but returned {found!r}"
            )
            return found

        return call

    def __aiter__(self) -> AsyncIterator[Any]:
        iterator: AsyncIterator[Any] = self._target.__aiter__()
        return iterator
