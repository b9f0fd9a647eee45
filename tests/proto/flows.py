"""A driver of flows for the tests: it answers each request from a script, and keeps what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from consul_proto.errors import ConsulateException
from consul_proto.flow import Flow, Sleep
from consul_proto.message import Response

T = TypeVar("T")

#: The calls that are flows; `test_flows` has a test of each.
FLOWS = {
    *("acl.create", "acl.update", "acl.info", "acl.list", "acl.clone", "acl.destroy"),
    *("kv.set", "kv.get_many", "kv.put_many", "kv.delete_many"),
}


@dataclass
class Script:
    """answers: one for each request; an exception is what the wire does instead. tokens: those of the operations themselves."""

    answers: Iterable[Response | ConsulateException]
    sent: list[tuple[str, str, bytes | None]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow to its value, or its exception."""
        answers = iter(self.answers)
        step: Any = None
        try:
            step = next(flow)
            while True:
                assert not isinstance(step, Sleep)
                self.sent.append((step.request.method, step.request.target, step.request.body))
                self.tokens.append(step.token)
                answer = next(answers)
                step = flow.throw(answer) if isinstance(answer, ConsulateException) else flow.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
