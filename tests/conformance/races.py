"""A rival that writes a key in between, as often as one likes: a transport that does it before each write of a client."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from consul_proto.message import Request

#: What the rival writes, and a number: a write of what is there already changes nothing, not even the ModifyIndex.
RIVAL = b"the rival, with more to come: "


@dataclass
class Rival:
    """For threads. `writes` counts down to the writes that are left to it."""

    inner: Any
    writes: int

    def write_for(self, request: Request) -> Request | None:
        """The write that comes before this request."""
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
    """For tasks."""

    async def send(self, request: Request, timeout: float | None) -> Any:
        if write := self.write_for(request):
            await self.inner.send(write, timeout)
        return await self.inner.send(request, timeout)

    async def sleep(self, seconds: float) -> None:  # type: ignore[override] # what the driver of tasks awaits
        await self.inner.sleep(seconds)


def with_rival(client: Any, is_for_threads: bool, writes: int) -> tuple[Any, Rival]:
    """A view of a client that loses its first so many races, and the rival."""
    view = client.using()
    target = view._target._target if is_for_threads else view._target
    target._transport = rival = (Rival if is_for_threads else AsyncRival)(target._transport, writes)
    return view, rival
