"""What `Consul` and `AsyncConsul` share."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from consul_proto.api import Groups, Operations
from consul_proto.namespace import M
from consul_proto.stream import Stream
from consulate.arguments import check_options, lists_options
from consulate.configuration import ViewOptions
from transports.identity import tokens_of

if TYPE_CHECKING:
    from typing import Unpack

    from transports.drive import Context
    from transports.identity import Identity


class AnyClient(Groups[M]):
    """The common base class of both clients."""

    _transport: Any
    _context: Context[Any]
    _is_view = False
    _lists_calls = False
    #: The transport without the identity, if the client has one: a view with a token of its own uses it.
    _plain_transport: Any = None

    def _identify(self, identity: Identity, kind: Literal["threads", "tasks"]) -> None:
        """Let the transport put the current token of an identity on each call."""
        from consulate.identity import identified  # imported when it is used: most clients have none

        self._plain_transport = self._transport
        tokens = tokens_of(identity)
        self._context = replace(self._context, more_secrets=lambda: tokens.secrets)
        self._transport = identified(self._transport, tokens, self._context, kind)

    def _call(self, call: Any) -> Any:
        """Run the operation, flow or stream that a method of a group has built."""
        client: Any = self
        return client.open(call) if isinstance(call, Stream) else client.perform(call)

    @cached_property
    def ops(self) -> Operations:
        """The same API, but its methods return operations instead of running them: for `perform` and for tests."""
        return Operations(codec=self._codec)

    @cached_property
    def _shells(self) -> dict[str, Any]:
        """What drives the recipes of this client and its views; empty until the first one."""
        return {}

    @lists_options(ViewOptions)
    def using(self, **options: Unpack[ViewOptions]) -> Self:
        """Return a view of this client with other settings. It uses the same connections, and closing it does nothing."""
        check_options("using", ViewOptions, options)
        view = object.__new__(type(self))
        view._begin(view._call, self._codec)
        view._transport, view._is_view, view._shells = self._transport, True, self._shells
        view._plain_transport = self._plain_transport
        if "token" in options and self._plain_transport is not None:
            view._transport = self._plain_transport
        view._context = replace(self._context, settings=replace(self._context.settings, **options))
        return view

    using.__qualname__ = "using"  # which Python's own errors show

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._context.address}>"
