"""A transport that writes the same key before each write of a client, so that the client loses the race."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from consul_proto.message import Request

#: The value that the rival writes; a number follows, because a write of the same value does not change the ModifyIndex.
RIVAL = b"the rival, with more to come: "


@dataclass
class Rival:
    """The rival, for threads. writes: the number of its writes that are left."""

    inner: Any
    writes: int

    def write_for(self, request: Request) -> Request | None:
        """Return the write to send before this request, or None."""
        if request.method != "PUT" or not self.writes:
            return None
        self.writes -= 1
        return replace(request, query=(), body=RIVAL + str(self.writes).encode())

    def send(self, request: Request, timeout: float | None) -> Any:
        if write := self.write_for(request):
            self.inner.send(write, timeout)
        return self.inner.send(request, timeout)

    def sleep(self, seconds: float) -> None:
        self.inner.sleep(seconds)


class AsyncRival(Rival):
    """The rival, for tasks."""

    async def send(self, request: Request, timeout: float | None) -> Any:
        if write := self.write_for(request):
            await self.inner.send(write, timeout)
        return await self.inner.send(request, timeout)

    async def sleep(self, seconds: float) -> None:  # type: ignore[override] # what the driver of tasks awaits
        await self.inner.sleep(seconds)


def with_rival(client: Any, is_for_threads: bool, writes: int) -> tuple[Any, Rival]:
    """Return a view of a client that loses its first `writes` races, and the rival."""
    view = client.using()
    target = view._target._target if is_for_threads else view._target
    target._transport = rival = (Rival if is_for_threads else AsyncRival)(target._transport, writes)
    return view, rival
