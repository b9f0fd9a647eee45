"""The base class of the documented groups. It lets a group be created without a client: `KV(uri, adapter, datacenter, token)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consul_proto.namespace import Namespace, Sync
from consul_proto.stream import Stream
from consulate.arguments import checked
from consulate.configuration import read_configuration
from consulate.several_agents import transport_to
from transports.clocks import clock_of
from transports.drive import Context, run
from transports.identity import tokens_of
from transports.streams import ThreadEvents

if TYPE_CHECKING:
    from consulate.adapters import Adapter
    from transports.protocol import Clock, Transport


class _Connections:
    """Runs the calls of a group that was created without a client. name: the name of the group's class."""

    def __init__(self, name: str, transport: Transport, context: Context[Clock]) -> None:
        self._name = name
        self._transport = transport
        self._context = context

    def run(self, call: Any) -> Any:
        """Run the operation, flow or stream that a method of the group has built."""
        budget = self._context.budget()
        if isinstance(call, Stream):
            return ThreadEvents(self._transport, call, self._context, budget)
        return run(self._transport, call, self._context, budget)[0]

    def __repr__(self) -> str:
        return f"<{self._name} {self._context.address}>"


class Documented(Namespace[Sync]):
    """A group of calls that can be created without a client. It then has its own connection pool.

    uri: the base URI of the agent's API, such as "http://localhost:8500/v1" or "http+unix:///run/consul.sock".
    adapter: `consulate.adapters.Request` or `UnixSocketRequest`, the class or an instance.
    datacenter: the datacenter of every call. token: sent with every call.
    """

    @checked()
    def __init__(
        self, uri: str, adapter: Adapter | type[Adapter] | None = None, datacenter: str | None = None, token: str | None = None
    ) -> None:
        config, settings, identity = read_configuration(uri, None, datacenter, token, None)
        transport = transport_to(config, adapter)
        context = Context(settings, config.shown, clock_of(transport))
        if identity is not None:  # of CONSUL_HTTP_TOKEN_FILE
            from consulate.identity import identified

            tokens = tokens_of(identity)
            context = replace(context, more_secrets=lambda: tokens.secrets)
            transport = identified(transport, tokens, context, "threads")
        super().__init__(_Connections(type(self).__name__, transport, context).run)
