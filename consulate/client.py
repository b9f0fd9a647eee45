"""`Consul` for threads and `AsyncConsul` for tasks: the same calls, made with the same arguments."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from consul_proto.meta import Meta, Reply
from consulate.adapters import adapter_for
from consulate.configuration import configured
from consulate.operations import Operations
from transports.cancel import Cancel, check_cancellable
from transports.clocks import async_clock_of, clock_of
from transports.drive import Context, run, run_async
from transports.streams import AsyncEvents, Events

if TYPE_CHECKING:
    from types import EllipsisType, TracebackType
    from typing import Unpack

    from consul_proto.codec import Codec
    from consul_proto.endpoints import acl, agent, catalog, event, health, session, status, txn
    from consul_proto.flow import Flow
    from consul_proto.namespace import Async
    from consul_proto.operation import Operation
    from consul_proto.stream import Stream
    from consulate.adapters import Adapter
    from consulate.api.acl import ACL
    from consulate.api.agent import Agent
    from consulate.api.catalog import Catalog
    from consulate.api.event import Event
    from consulate.api.health import Health
    from consulate.api.kv import KV, AsyncKV
    from consulate.api.session import Session
    from consulate.api.status import Status
    from consulate.api.txn import Txn
    from consulate.configuration import ClientOptions, ViewOptions
    from transports.drive import Budget
    from transports.protocol import AsyncTransport, Transport

T = TypeVar("T")
E = TypeVar("E")


class Consul:
    """A Consul agent, for threads.

    host, port: of the agent's HTTP API; "localhost" and 8500 where neither they nor CONSUL_HTTP_ADDR say otherwise. `host` may be a URL,
    or, with scheme "http+unix", the path of a UNIX socket.
    datacenter: of every call; the agent's own where it is None. token: sent with every call as X-Consul-Token.
    scheme: "http", "https" or "http+unix". adapter: what carries the calls, see `consulate.adapters`.
    transport: carries the calls instead of an adapter's; anything with the methods of `transports.protocol.Transport`.
    kv_codec: "text" reads KV values as text and never as JSON. The rest: see `ClientOptions`.

    Safe to share between threads. Raises ValueError for arguments or variables that make no sense; it does not connect.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        datacenter: str | None = None,
        token: str | None = None,
        scheme: str | None = None,
        adapter: Adapter | type[Adapter] | None = None,
        *,
        transport: Transport | None = None,
        kv_codec: Codec = "json",
        **options: Unpack[ClientOptions],
    ) -> None:
        config, settings = configured(host, port, datacenter, token, scheme, **options)
        self._transport = adapter_for(config, adapter).transport(config) if transport is None else transport
        self._context = Context(settings, str(config.address), clock_of(self._transport))
        self._codec: Codec = kv_codec
        self._is_view = False

    def perform(
        self,
        call: Operation[T] | Flow[T],
        *,
        timeout: float | EllipsisType | None = ...,
        retry: bool = True,
        cancel: Cancel | None = None,
    ) -> T:
        """Run an operation or a flow, of `ops` or your own, and return its value.

        timeout: seconds for this call, None for no limit; the client's own where it is not given. A blocking query adds its wait.
        retry: False sends each request once, whatever comes of it.
        cancel: a handle that ends the call from another thread.

        Raises ConsulateException; Cancelled where the handle was set.
        """
        return run(self._transport, call, self._context, self._budget(timeout, retry, cancel))[0]

    def perform_with_meta(
        self,
        call: Operation[T] | Flow[T],
        *,
        timeout: float | EllipsisType | None = ...,
        retry: bool = True,
        cancel: Cancel | None = None,
    ) -> Reply[T]:
        """Run an operation or a flow and return its value with the X-Consul headers of its last answer; as `perform` otherwise."""
        value, response = run(self._transport, call, self._context, self._budget(timeout, retry, cancel))
        return Reply(value, Meta.of(response.headers))

    def open(self, stream: Stream[E], *, timeout: float | EllipsisType | None = ..., cancel: Cancel | None = None) -> Events[E]:
        """Return the events of a stream, to iterate over in a `with` block. The block sends the request where it begins.

        timeout: seconds until the answer begins, and then for each wait for more of it. cancel: as of `perform`.
        """
        return Events(self._transport, stream, self._context, self._budget(timeout, True, cancel))

    def _budget(self, timeout: float | EllipsisType | None, retry: bool, cancel: Cancel | None) -> Budget:
        if cancel is not None:
            check_cancellable(self._transport)
        return self._context.budget(timeout, retry, cancel)

    def using(self, **options: Unpack[ViewOptions]) -> Self:
        """Return a view of this client with other settings, on the same connections; closing a view does nothing."""
        view = object.__new__(type(self))
        view._transport, view._codec, view._is_view = self._transport, self._codec, True
        view._context = replace(self._context, settings=replace(self._context.settings, **options))
        return view

    def close(self) -> None:
        """Close every connection; calls of other threads that are under way fail at once. Closing twice does nothing."""
        if not self._is_view:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        self.close()
        return False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._context.address}>"

    @cached_property
    def ops(self) -> Operations:
        """The same API as operations, for `perform` and for tests."""
        return Operations(self._codec)

    @cached_property
    def acl(self) -> ACL:
        """The legacy ACL system."""
        from consulate.api.acl import ACL

        return ACL.over(self.perform, self._codec)

    @cached_property
    def agent(self) -> Agent:
        """The local agent, its services and checks."""
        from consulate.api.agent import Agent

        return Agent.over(self.perform, self._codec)

    @cached_property
    def catalog(self) -> Catalog:
        """Nodes and services as the servers know them."""
        from consulate.api.catalog import Catalog

        return Catalog.over(self.perform, self._codec)

    @cached_property
    def event(self) -> Event:
        """User events."""
        from consulate.api.event import Event

        return Event.over(self.perform, self._codec)

    @cached_property
    def health(self) -> Health:
        """Health of nodes and services."""
        from consulate.api.health import Health

        return Health.over(self.perform, self._codec)

    @cached_property
    def kv(self) -> KV:
        """The key/value store."""
        from consulate.api.kv import KV

        return KV.over(self.perform, self._codec)

    @cached_property
    def session(self) -> Session:
        """Sessions, which locks hang on."""
        from consulate.api.session import Session

        return Session.over(self.perform, self._codec)

    @cached_property
    def status(self) -> Status:
        """The state of the Raft cluster."""
        from consulate.api.status import Status

        return Status.over(self.perform, self._codec)

    @cached_property
    def txn(self) -> Txn:
        """Transactions."""
        from consulate.api.txn import Txn

        return Txn.over(self.perform, self._codec)


class AsyncConsul:
    """A Consul agent, for tasks, on asyncio and trio. Parameters as of `Consul`; every call is awaited.

    Safe to share between tasks. Raises ValueError for arguments or variables that make no sense; it does not connect.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        datacenter: str | None = None,
        token: str | None = None,
        scheme: str | None = None,
        adapter: Adapter | type[Adapter] | None = None,
        *,
        transport: AsyncTransport | None = None,
        kv_codec: Codec = "json",
        **options: Unpack[ClientOptions],
    ) -> None:
        config, settings = configured(host, port, datacenter, token, scheme, **options)
        self._transport = adapter_for(config, adapter).async_transport(config) if transport is None else transport
        self._context = Context(settings, str(config.address), async_clock_of(self._transport))
        self._codec: Codec = kv_codec
        self._is_view = False

    async def perform(self, call: Operation[T] | Flow[T], *, timeout: float | EllipsisType | None = ..., retry: bool = True) -> T:
        """Run an operation or a flow, of `ops` or your own, and return its value. Parameters and exceptions as of `Consul.perform`.

        A task is cancelled as any other: by its cancel scope, or by asyncio.
        """
        return (await run_async(self._transport, call, self._context, self._context.budget(timeout, retry)))[0]

    async def perform_with_meta(
        self, call: Operation[T] | Flow[T], *, timeout: float | EllipsisType | None = ..., retry: bool = True
    ) -> Reply[T]:
        """Run an operation or a flow and return its value with the X-Consul headers of its last answer; as `perform` otherwise."""
        value, response = await run_async(self._transport, call, self._context, self._context.budget(timeout, retry))
        return Reply(value, Meta.of(response.headers))

    def open(self, stream: Stream[E], *, timeout: float | EllipsisType | None = ...) -> AsyncEvents[E]:
        """Return the events of a stream, to iterate over in an `async with` block; otherwise as `Consul.open`."""
        return AsyncEvents(self._transport, stream, self._context, self._context.budget(timeout))

    def using(self, **options: Unpack[ViewOptions]) -> Self:
        """Return a view of this client with other settings, on the same connections; closing a view does nothing."""
        view = object.__new__(type(self))
        view._transport, view._codec, view._is_view = self._transport, self._codec, True
        view._context = replace(self._context, settings=replace(self._context.settings, **options))
        return view

    async def close(self) -> None:
        """Close every connection; calls of other tasks that are under way fail at once. Closing twice does nothing."""
        if not self._is_view:
            await self._transport.aclose()

    #: The name that `contextlib.aclosing` looks for.
    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        await self.close()
        return False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._context.address}>"

    @cached_property
    def ops(self) -> Operations:
        """The same API as operations, for `perform` and for tests."""
        return Operations(self._codec)

    @cached_property
    def acl(self) -> acl.ACL[Async]:
        """The legacy ACL system."""
        from consul_proto.endpoints.acl import ACL

        return ACL(self.perform, self._codec)

    @cached_property
    def agent(self) -> agent.Agent[Async]:
        """The local agent, its services and checks."""
        from consul_proto.endpoints.agent import Agent

        return Agent(self.perform, self._codec)

    @cached_property
    def catalog(self) -> catalog.Catalog[Async]:
        """Nodes and services as the servers know them."""
        from consul_proto.endpoints.catalog import Catalog

        return Catalog(self.perform, self._codec)

    @cached_property
    def event(self) -> event.Event[Async]:
        """User events."""
        from consul_proto.endpoints.event import Event

        return Event(self.perform, self._codec)

    @cached_property
    def health(self) -> health.Health[Async]:
        """Health of nodes and services."""
        from consul_proto.endpoints.health import Health

        return Health(self.perform, self._codec)

    @cached_property
    def kv(self) -> AsyncKV:
        """The key/value store."""
        from consulate.api.kv import AsyncKV

        return AsyncKV(self.perform, self._codec)

    @cached_property
    def session(self) -> session.Session[Async]:
        """Sessions, which locks hang on."""
        from consul_proto.endpoints.session import Session

        return Session(self.perform, self._codec)

    @cached_property
    def status(self) -> status.Status[Async]:
        """The state of the Raft cluster."""
        from consul_proto.endpoints.status import Status

        return Status(self.perform, self._codec)

    @cached_property
    def txn(self) -> txn.Txn[Async]:
        """Transactions."""
        from consul_proto.endpoints.txn import Txn

        return Txn(self.perform, self._codec)
