"""`Consul` for threads and `AsyncConsul` for tasks: the same calls, made with the same arguments."""

# A group is only read, so a subclass may narrow its type; pyright takes it for a variable that could be set.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from consul_proto.meta import Meta, Reply
from consul_proto.namespace import Async, Sync, group
from consul_proto.operation import T
from consul_proto.stream import E, Stream
from consulate.any_client import AnyClient
from consulate.arguments import TASKS, check_options, checked, lists_options
from consulate.configuration import AsyncCallOptions, CallOptions, ClientOptions, read_configuration
from consulate.recipes.on_client import TaskRecipes, ThreadRecipes
from consulate.several_agents import async_transport_to, only_one, transport_to
from transports.clocks import async_clock_of, clock_of
from transports.drive import Context, run, run_async
from transports.streams import TaskEvents, ThreadEvents, check_stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Unpack

    from consul_proto.codec import Codec
    from consul_proto.flow import Flow
    from consul_proto.operation import Operation
    from consulate import api
    from consulate.adapters import Adapter
    from transports.protocol import AsyncClock, AsyncTransport, Clock, Transport


class Consul(AnyClient[Sync], ThreadRecipes):
    """A client for a Consul agent, for threads.

    host, port: the address of the agent's HTTP API. Default: CONSUL_HTTP_ADDR, or "localhost" and 8500 if it is not set. `host` may be a
    URL, or, with scheme "http+unix" or "https+unix", the path of a UNIX socket. A list of them names
    several agents: a call goes to the first that works (docs/several-agents.md).
    datacenter: the datacenter of every call; None: the agent's own. token: sent with every call as X-Consul-Token.
    scheme: "http", "https", "http+unix" or "https+unix" (TLS over a UNIX socket). adapter: creates the transport, see `consulate.adapters`.
    transport: the transport to use instead; any object with the methods of `transports.protocol.Transport`.
    kv_codec: "text" reads KV values as text and never as JSON.

    `help(Consul.__init__)` lists the other options. Safe to share between threads. Creating a client does not connect.
    Raises TypeError or ValueError for invalid arguments or variables.
    """

    _transport: Transport
    _context: Context[Clock]

    acl: group[api.acl.ACL] = group("consulate.api.acl:ACL")
    agent: group[api.agent.Agent] = group("consulate.api.agent:Agent")
    catalog: group[api.catalog.Catalog] = group("consulate.api.catalog:Catalog")
    event: group[api.event.Event] = group("consulate.api.event:Event")
    health: group[api.health.Health] = group("consulate.api.health:Health")
    kv: group[api.kv.KV] = group("consulate.api.kv:KV")
    session: group[api.session.Session] = group("consulate.api.session:Session")
    snapshot: group[api.snapshot.Snapshot] = group("consulate.api.snapshot:Snapshot")
    status: group[api.status.Status] = group("consulate.api.status:Status")
    txn: group[api.txn.Txn] = group("consulate.api.txn:Txn")

    @checked(ClientOptions)
    def __init__(
        self,
        host: str | Sequence[str] | None = None,
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
        config, settings, identity = read_configuration(host, port, datacenter, token, scheme, **options)
        self._transport = transport_to(config, adapter) if transport is None else only_one(host, transport)
        self._context = Context(settings, config.shown, clock_of(self._transport))
        if identity is not None:
            self._identify(identity, "threads")
        self._begin(self._call, kv_codec)

    @lists_options(CallOptions)
    def perform(self, call: Operation[T] | Flow[T], **options: Unpack[CallOptions]) -> T:
        """Run an operation or a flow, from `ops` or your own, and return its value.

        timeout: the time limit in seconds, None for no limit; without it, the client's limit. A blocking query adds its wait.
        retry: False turns retries off. cancel: a handle that cancels the call (for threads only; tasks have their own way).

        Raises ConsulateException, and TypeError for anything else: `client.ops.kv.get("k")` is an operation, but `client.kv.get("k")` runs
        at once.
        """
        if options:
            check_options("perform", CallOptions, options)
        return run(self._transport, call, self._context, self._context.budget(**options))[0]

    @lists_options(CallOptions)
    def perform_with_meta(self, call: Operation[T] | Flow[T], **options: Unpack[CallOptions]) -> Reply[T]:
        """Run an operation or a flow like `perform`; return its value together with the X-Consul headers of its last answer."""
        if options:
            check_options("perform_with_meta", CallOptions, options)
        value, response = run(self._transport, call, self._context, self._context.budget(**options))
        return Reply(value, Meta.of(response.headers))

    @lists_options(CallOptions)
    def open(self, stream: Stream[E], **options: Unpack[CallOptions]) -> ThreadEvents[E]:
        """Return the events of a stream, for use as a context manager. The request is sent when the block is entered.

        The options are those of `perform`; `timeout` limits the wait for the start of the answer, and then each wait for its next part.
        """
        check_stream(stream)
        check_options("open", CallOptions, options)
        return ThreadEvents(self._transport, stream, self._context, self._context.budget(**options))

    def close(self) -> None:
        """Close every connection. Running calls of other threads fail at once. Closing twice does nothing."""
        if not self._is_view:
            self._transport.close()
            for shell in self._shells.values():
                shell.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        self.close()
        return False


class AsyncConsul(AnyClient[Async], TaskRecipes):
    """A client for a Consul agent, for tasks, on asyncio and trio. It has the parameters of `Consul`; every call must be awaited.

    Safe to share between tasks. Creating a client does not connect. Raises TypeError or ValueError for invalid arguments or variables.
    """

    _transport: AsyncTransport
    _context: Context[AsyncClock]
    _awaits = True

    kv: group[api.kv.AsyncKV] = group("consulate.api.kv:AsyncKV")
    session: group[api.session.AsyncSession] = group("consulate.api.session:AsyncSession")
    snapshot: group[api.snapshot.AsyncSnapshot] = group("consulate.api.snapshot:AsyncSnapshot")

    @checked(ClientOptions, TASKS)
    def __init__(
        self,
        host: str | Sequence[str] | None = None,
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
        config, settings, identity = read_configuration(host, port, datacenter, token, scheme, **options)
        self._transport = async_transport_to(config, adapter) if transport is None else only_one(host, transport)
        self._context = Context(settings, config.shown, async_clock_of(self._transport))
        if identity is not None:
            self._identify(identity, "tasks")
        self._begin(self._call, kv_codec)

    @lists_options(AsyncCallOptions)
    async def perform(self, call: Operation[T] | Flow[T], **options: Unpack[AsyncCallOptions]) -> T:
        """Run an operation or a flow, from `ops` or your own, and return its value.

        timeout: the time limit in seconds, None for no limit; without it, the client's limit. A blocking query adds its wait.
        retry: False turns retries off. cancel: a handle that cancels the call (for threads only; tasks have their own way).

        Raises ConsulateException, and TypeError for anything else: `client.ops.kv.get("k")` is an operation, but `client.kv.get("k")` runs
        at once.
        """
        if options:
            check_options("perform", AsyncCallOptions, options)
        return (await run_async(self._transport, call, self._context, self._context.budget(**options)))[0]

    @lists_options(AsyncCallOptions)
    async def perform_with_meta(self, call: Operation[T] | Flow[T], **options: Unpack[AsyncCallOptions]) -> Reply[T]:
        """Run an operation or a flow like `perform`; return its value together with the X-Consul headers of its last answer."""
        if options:
            check_options("perform_with_meta", AsyncCallOptions, options)
        value, response = await run_async(self._transport, call, self._context, self._context.budget(**options))
        return Reply(value, Meta.of(response.headers))

    @lists_options(AsyncCallOptions)
    def open(self, stream: Stream[E], **options: Unpack[AsyncCallOptions]) -> TaskEvents[E]:
        """Return the events of a stream, for use as a context manager. The request is sent when the block is entered.

        The options are those of `perform`; `timeout` limits the wait for the start of the answer, and then each wait for its next part.
        """
        check_stream(stream)
        check_options("open", AsyncCallOptions, options)
        return TaskEvents(self._transport, stream, self._context, self._context.budget(**options))

    async def close(self) -> None:
        """Close every connection. Running calls of other tasks fail at once. Closing twice does nothing."""
        if not self._is_view:
            await self._transport.aclose()

    aclose = close  # the name that `contextlib.aclosing` looks for

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        await self.close()
        return False
