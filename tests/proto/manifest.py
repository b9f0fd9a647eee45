"""The endpoint manifest beside the calls: every call with the least that it can be given, and the rows that its requests belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import Parameter, signature
from operator import attrgetter
from pathlib import Path
from typing import Any

from consul_proto.api import Groups, Operations
from consul_proto.namespace import flow, group, operation, stream, unchanged
from consul_proto.operation import Operation
from consul_proto.stream import Stream

ROWS: dict[str, dict[str, Any]] = {
    row["id"]: row for row in json.loads((Path(__file__).parent.parent / "spec" / "endpoints.json").read_text(encoding="utf-8"))
}

#: Name in a query -> the option of our calls; where nothing is said, the same with "_" for "-".
OPTION_NAMES = {
    "dc": "datacenter",
    "ns": "namespace",
    "sg": "sameness_group",
    "sameness-group": "sameness_group",
    "stale": "consistency",
    "consistent": "consistency",
    "loglevel": "log_level",
    "logjson": "log_json",
    "global": "global_",
}

#: Parameter that must be given -> what to give it; "x" where nothing is said.
_GIVEN: dict[str, Any] = {
    "state": "passing",
    "status": "passing",
    "operations": [],
    "items": {"k": 1},
    "entry": {"Kind": "mesh"},
    "config": {},
    "archive": b"x",
    "requests": [],
    "addresses": [],
    "manual_vips": [],
    "peer": "cluster-02",
    "key": "c2VjcmV0",
    "peering_token": "c2VjcmV0",
}

#: Call -> what it needs besides.
_NEEDED: dict[str, dict[str, Any]] = {
    "agent.check.register": {"ttl": 10},
    "connect.intentions.create": {"action": "allow"},
    "connect.intentions.match": {"by": "source"},
    "connect.intentions.update": {"action": "allow"},
    "coordinate.update": {"coord": {}},
    "kv.get_as": {"kind": str},
    "query.create": {"service": {"Service": "x"}},
    "query.update": {"service": {"Service": "x"}},
}

#: Call -> its row, where its first request is of another one.
_ROWS = {"acl.clone": "acl.legacy.clone", "acl.destroy": "acl.legacy.destroy", "kv.set": "kv.put", "kv.delete": "kv.delete"}


#: Calls that take files on a client; the operations take and give bytes.
WITH_FILES = {"snapshot.save", "snapshot.restore"}


@dataclass(frozen=True)
class Call:
    """A call of the API. name: as users write it. definition: what the decorator made of the method."""

    name: str
    definition: Any

    @property
    def is_flow(self) -> bool:
        return isinstance(self.definition, flow)

    @property
    def is_stream(self) -> bool:
        return isinstance(self.definition, stream)

    def on(self, face: Any, **options: Any) -> Any:
        """Make the call on a face, with the least that it needs and these options."""
        call = attrgetter(self.name)(face)
        required = [
            parameter.name
            for parameter in signature(call).parameters.values()
            if parameter.default is Parameter.empty and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
        ]
        given = {name: _GIVEN.get(name, "x") for name in required}
        return call(**{**given, **_NEEDED.get(self.name, {}), **options})

    def operation(self, **options: Any) -> Operation[Any] | Stream[Any]:
        """The operation or the stream that the call is, or the first operation that it sends."""
        built = self.on(Operations(), **options)
        operation: Operation[Any] | Stream[Any] = next(built) if self.is_flow else built
        return operation

    @property
    def row(self) -> dict[str, Any]:
        """The row of the manifest."""
        return ROWS[_ROWS.get(self.name) or self.operation().name]

    def __str__(self) -> str:
        return self.name


def _calls(owner: type[Any], place: str = "") -> Iterator[Call]:
    for name in sorted(dir(owner)):
        member = getattr(owner, name)
        if isinstance(member, group):
            yield from _calls(type(getattr(owner._over(unchanged), name)), f"{place}{name}.")
        elif isinstance(member, operation | flow | stream):
            yield Call(place + name, member)


#: Every call but `request`, which is for endpoints without one.
CALLS = [call for call in _calls(Groups) if call.name != "request"]
