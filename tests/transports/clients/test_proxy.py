"""An HTTP proxy in front of an agent, for threads: its faults, and its credentials."""

from __future__ import annotations

import base64
import time
import traceback
import uuid
from collections.abc import Callable

import pytest

from consulate import Consul
from consulate.exceptions import ClientError, ConsulateException, RequestError, RequestTimeout, ServerError
from tests.faces import URLLIB3
from tests.fakes.faults import DONE
from tests.fakes.raw_server import Close, ClosedPort, Drip, Echo, Hang, Pause, RawServer, ReadRequest, Reset, Script, Send, answer
from tests.transports.conftest import Serve

_PLAIN = "http://consul.example.com:8500"
_TUNNEL = "https://consul.example.com"

_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"

#: What the proxy does -> address, script, the exception, its maybe_applied, and a part of its message.
REFUSALS: dict[str, tuple[str, Script, type[ConsulateException], bool, str]] = {
    "asks who it is": (_PLAIN, [ReadRequest(), Send(answer(407, b"Who are you?"))], ClientError, False, "407 Who are you?"),
    "cannot reach the agent": (_PLAIN, [ReadRequest(), Send(answer(502, b"<html>"))], ServerError, True, "a proxy answered"),
    "gave up waiting for the agent": (_PLAIN, [ReadRequest(), Send(answer(504, b"<html>"))], ServerError, True, "a proxy answered"),
    "repeats the request": (_PLAIN, [ReadRequest(), Echo(500)], ServerError, True, "500"),
    "asks who wants the tunnel": (_TUNNEL, [ReadRequest(), Send(answer(407))], RequestError, False, "407"),
    "opens no tunnel": (_TUNNEL, [ReadRequest(), Send(answer(403))], RequestError, False, "403"),
    "repeats the request for a tunnel": (_TUNNEL, [ReadRequest(), Echo(403)], RequestError, False, "403"),
    "does not answer": (_TUNNEL, [ReadRequest(), Hang()], RequestTimeout, False, "could not connect within the time limit"),
    "drips": (
        _TUNNEL,
        [ReadRequest(), Drip(_OPEN[:-4] + b"\r\nX: y" * 50, 0.03)],
        RequestTimeout,
        False,
        "could not connect within the time limit",
    ),
    "speaks no HTTP": (_TUNNEL, [ReadRequest(), Send(b"220 smtp\r\n\r\n")], RequestError, False, "the proxy refused the connection"),
    "closes": (_TUNNEL, [ReadRequest(), Close()], RequestError, False, "closed"),
    "resets": (_TUNNEL, [ReadRequest(), Reset()], RequestError, False, "the connection was"),
    "opens a tunnel to no TLS": (_TUNNEL, [ReadRequest(), Send(_OPEN + b"220 smtp\r\n"), Pause(0.1)], RequestError, False, ""),
    "opens a tunnel and does nothing": (
        _TUNNEL,
        [ReadRequest(), Send(_OPEN), Hang()],
        RequestTimeout,
        False,
        "could not connect within the time limit",
    ),
}


def _through(proxy: RawServer, password: str, user: str = "operator") -> str:
    return proxy.url.replace("http://", f"http://{user}:{password}@")


def _all_text(error: BaseException) -> str:
    return "".join([repr(error), repr(vars(error)), *traceback.format_exception(error)])


@pytest.mark.parametrize("name", REFUSALS)
def test_a_write_through_a_failing_proxy(name: str, serve: Serve) -> None:
    address, script, kind, done, says = REFUSALS[name]
    proxy, password = serve(URLLIB3, script), uuid.uuid4().hex
    begun = time.monotonic()
    with Consul(address, proxy=_through(proxy, password), timeout=0.5) as client, pytest.raises(ConsulateException) as raised:
        client.kv.put("k", "v")
    assert time.monotonic() - begun < 3
    assert type(raised.value) is kind
    assert raised.value.maybe_applied is done
    assert says in str(raised.value)
    assert len(proxy.requests) == 1
    for secret in (password, base64.b64encode(f"operator:{password}".encode()).decode()):
        assert secret not in _all_text(raised.value)
        assert secret not in repr(client)


@pytest.mark.parametrize("address", [_PLAIN, _TUNNEL])
def test_a_proxy_that_refuses_the_connection(address: str) -> None:
    with ClosedPort() as refused, Consul(address, proxy=f"http://127.0.0.1:{refused.port}", timeout=1) as client:
        with pytest.raises(RequestError, match="refused") as raised:
            client.kv.put("k", "v")
        assert raised.value.maybe_applied is False


def _sent_credentials(proxy: RawServer) -> bytes:
    header = proxy.requests[0].header("Proxy-Authorization") or ""
    assert header.startswith("Basic ")
    return base64.b64decode(header.removeprefix("Basic "))


def test_the_proxy_gets_the_credentials(serve: Serve) -> None:
    proxy, password = serve(URLLIB3, [ReadRequest(), Send(DONE)]), uuid.uuid4().hex
    with Consul(_PLAIN, proxy=_through(proxy, password), timeout=2) as client:
        assert client.kv.put("k", "v") is True
    assert _sent_credentials(proxy) == f"operator:{password}".encode()


def test_credentials_of_a_url_are_percent_encoded(serve: Serve) -> None:
    proxy = serve(URLLIB3, [ReadRequest(), Send(DONE)])
    with Consul(_PLAIN, proxy=_through(proxy, "p%3Aw%40d", "oper%40tor"), timeout=2) as client:
        assert client.kv.put("k", "v") is True
    assert _sent_credentials(proxy) == b"oper@tor:p:w@d"


def _refusal_of(make: Callable[[], Consul]) -> str:
    with pytest.raises(ValueError, match="proxy") as raised:
        make().close()
    assert type(raised.value) is ValueError
    return str(raised.value)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://",
        "https://127.0.0.1:3128",
        "socks5://127.0.0.1:1080",
        "http://operator:hidden@127.0.0.1:99999",
        "http://operator:hidden@a b",
    ],
)
def test_an_invalid_proxy_is_a_value_error(proxy: str) -> None:
    assert "hidden" not in _refusal_of(lambda: Consul(_PLAIN, proxy=proxy))
