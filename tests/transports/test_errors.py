"""Exceptions of other libraries: each becomes a RequestError with a plain message."""

from __future__ import annotations

import http.client
import inspect
import socket
import ssl

import h11
import pytest
import urllib3.exceptions

from consul_proto.errors import RequestError, RequestTimeout
from transports.clients.urllib3_errors import urllib3_error
from transports.errors import wire_error

_OS: list[type[Exception]] = [
    OSError,
    ConnectionError,
    ConnectionResetError,
    ConnectionRefusedError,
    ConnectionAbortedError,
    BrokenPipeError,
]
_OS += [FileNotFoundError, PermissionError, TimeoutError, socket.gaierror, socket.herror, BlockingIOError, InterruptedError, EOFError]
_SSL = [kind for kind in vars(ssl).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
_HTTP = [kind for kind in vars(http.client).values() if inspect.isclass(kind) and issubclass(kind, http.client.HTTPException)]
_H11 = [h11.RemoteProtocolError, h11.LocalProtocolError]
_URLLIB3 = [kind for kind in vars(urllib3.exceptions).values() if inspect.isclass(kind) and issubclass(kind, urllib3.exceptions.HTTPError)]


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("kind", [*_OS, *_SSL, *_HTTP, *_H11, *_URLLIB3], ids=lambda kind: str(kind.__name__))
def test_every_class(kind: type[Exception], sent: bool) -> None:
    error = kind.__new__(kind, "the words")
    Exception.__init__(error, "the words")
    ours = urllib3_error(error, sent=sent)
    assert isinstance(ours, RequestError)
    assert ours.maybe_applied is sent
    assert len(str(ours)) > 10


def test_timeouts_before_and_after_sending() -> None:
    assert type(wire_error(TimeoutError(), sent=True)) is RequestTimeout
    assert "could not connect within the time limit" in str(wire_error(TimeoutError(), sent=False))
    assert "no complete answer within the time limit" in str(wire_error(TimeoutError(), sent=True))


def test_the_cause_of_a_urllib3_error_is_used() -> None:
    wrapped = urllib3.exceptions.ProtocolError("Connection broken")
    wrapped.__cause__ = ConnectionResetError(104, "reset")
    assert str(urllib3_error(wrapped, sent=True)) == "the connection was reset"


def test_a_request_error_is_returned_unchanged() -> None:
    error = RequestError("as it is", maybe_applied=False)
    assert wire_error(error, sent=True) is error
    assert urllib3_error(error, sent=True) is error


def test_messages_are_one_line_of_printable_text() -> None:
    assert str(wire_error(ValueError("a\r\n\x00b"), sent=True)) == "the answer is not valid HTTP: a b"
