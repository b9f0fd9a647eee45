"""Read answers of any form with h11: whole, or as the events of one that is open.

It is imported with the first answer that `usual` does not read, because h11 takes long to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11

from consul_proto.errors import RequestError
from consul_proto.frozen import dataclass
from consul_proto.message import Headers, Response
from transports.errors import TLS_ALERT, needs_tls_error, size_error, wire_error
from transports.http1.content import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The largest head of an answer, in bytes; Consul's take less than one KiB. Go's own limit for requests is 1 MiB, h11's default 16 KiB.
_LARGEST_HEAD = 64 * 1024

#: h11 must be told that a request was sent: then it is the server's turn. An answer to this one may have a body.
_SENT = h11.Request(method="GET", target="/", headers=[("host", "consul")])
_SENT_WHOLE = h11.EndOfMessage()


@dataclass(frozen=True, slots=True)
class Head:
    """The status and the headers of an answer. Interim answers (100 Continue, 103 Early Hints) are left out."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of the body, never empty. The transfer coding is removed, the content coding is not."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The answer is complete."""


Event = Head | Data | End

_END = End()


class AnyAnswer:
    """The answers on one connection, one after the other. limit: the largest that `receive` accepts, in bytes; None: no limit."""

    def __init__(self, limit: int | None) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._limit = limit
        self.begin()

    def begin(self) -> None:
        """Get ready for the answer to the next request."""
        #: Whether h11 knows of the request; whether the answer is complete; whether the server closed the connection.
        self._expected = self._whole = self._closed = False
        self._head: Head | None = None
        self._raw_headers: list[tuple[bytes, bytes]] = []
        #: The parts of the body that `receive` has, and their size in bytes.
        self._parts: list[bytes] = []
        self._received = 0

    def receive(self, data: bytes) -> Response | None:
        """Take bytes that arrived; see `HTTP1Connection.receive`."""
        self._feed(data)
        while (event := self._next()) is not None:
            if isinstance(event, Data):
                self._parts.append(event.data)
                if self._limit is not None:
                    self._check_size(len(event.data), self._limit)
            elif isinstance(event, End):
                return self._response()
            elif self._limit is not None:
                self._check_length(self._limit)
        return None

    def events(self, data: bytes) -> Iterator[Event]:
        """Take bytes that arrived; see `HTTP1Connection.events`."""
        self._feed(data)
        return iter(self._next, None)

    def reuse(self) -> bool:
        """Return whether the connection can carry another request; see `HTTP1Connection.reuse`."""
        connection = self._h11
        if self._closed or connection.trailing_data[0]:
            return False
        if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
            return False
        connection.start_next_cycle()
        return True

    def _feed(self, data: bytes) -> None:
        """Take bytes for `_next`."""
        connection = self._h11
        if not self._expected:
            self._expected = True
            connection.send(_SENT)
            connection.send(_SENT_WHOLE)
        self._closed = not data
        connection.receive_data(data)

    def _next(self) -> Event | None:
        """Return the next event of the answer; None if more bytes must come, or the answer is complete."""
        connection = self._h11
        if self._whole:
            return None
        try:
            while True:  # skip interim answers
                event = connection.next_event()
                if isinstance(event, h11.Response):
                    return self._begin_answer(event)
                if isinstance(event, h11.Data):
                    return Data(bytes(event.data))
                if isinstance(event, h11.EndOfMessage):
                    self._whole = True
                    return _END
                if event is h11.NEED_DATA:
                    return None
                if not isinstance(event, h11.InformationalResponse):
                    raise _cut_off()
        except h11.RemoteProtocolError as error:
            if connection.trailing_data[0].startswith(TLS_ALERT):
                raise needs_tls_error() from error
            raise (_cut_off() if self._closed else wire_error(error, sent=True)) from error

    def _begin_answer(self, response: h11.Response) -> Head:
        raw = self._raw_headers = response.headers.raw_items()
        if sum([len(name) + len(value) + 4 for name, value in raw]) > _LARGEST_HEAD:
            # h11 checks this only while the head is incomplete. The limit must also hold for a head that comes in one piece.
            raise RequestError(f"the answer is not valid HTTP: its head is larger than {_LARGEST_HEAD} bytes")
        self._head = head = Head(response.status_code, Headers.received(raw))
        return head

    def _check_length(self, limit: int) -> None:
        """Refuse an answer whose Content-Length is too large."""
        for name, value in self._raw_headers:
            if name.lower() == b"content-length" and int(value) > limit:
                raise size_error(limit)

    def _check_size(self, size: int, limit: int) -> None:
        """Add to the size of the body, and refuse one that is too large."""
        self._received += size
        if self._received > limit:
            raise size_error(limit)

    def _response(self) -> Response:
        head = self._head
        assert head is not None, "h11 gives the head first"
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        for name, value in self._raw_headers:
            if name.lower() == b"content-encoding":
                body = decode(value.decode("latin-1"), body, self._limit)
        return Response(head.status, head.headers, body)


def _cut_off() -> RequestError:
    return RequestError("the connection was closed before the answer was complete")
