"""Invalid arguments raise ValueError or TypeError before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consulate import Consul
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import HEALTHY
from tests.transports.conftest import Serve

CALLS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a key with a line feed": (lambda c: c.kv.set("a\nb", "v"), "line break"),
    "a key with a NUL": (lambda c: c.kv.put("a\0b", "v"), "unprintable"),
    "an empty key": (lambda c: c.kv.get(""), "must not be empty"),
    "an empty key to delete": (lambda c: c.kv.delete(""), "must not be empty"),
    "an absolute URL as a key": (
        lambda c: c.kv.put("http://127.0.0.1:1/v1/kv/k", "v"),
        "Consul would read 'http://127.0.0.1:1/v1/kv/k' as 'http:/127.0.0.1:1/v1/kv/k'",
    ),
    "a key that climbs": (lambda c: c.kv.put("a/../../agent/leave", "v"), "Consul would read"),
    "an unknown health state": (lambda c: c.health.state("fine"), "any, unknown, passing, warning, critical"),
    "a duration that is none": (lambda c: c.session.create(ttl="10 seconds"), "a duration must be a Go string"),
    "a negative wait": (lambda c: c.kv.get("k", index=1, wait=-1), "duration must be between"),
    "a TTL that is too long": (lambda c: c.session.create(ttl="25h"), "at most 24 hours"),
    "an unknown behavior": (lambda c: c.session.create(behavior="keep"), "'release' or 'delete'"),
    "a check of no kind": (lambda c: c.agent.check.register("c"), "exactly one kind"),
    "a check of two kinds": (lambda c: c.agent.check.register("c", http="http://x", ttl="10s", interval="1s"), "exactly one kind"),
    "a check without an interval": (lambda c: c.agent.check.register("c", http="http://x"), "needs an interval"),
    "a service with two checks": (lambda c: c.agent.service.register("s", ttl="10s", httpcheck="http://x"), "exactly one kind"),
    "a port out of range": (lambda c: c.agent.service.register("s", port=65536), "between 0 and 65535, not 65536"),
    "a catalog port out of range": (
        lambda c: c.catalog.register("n", "1.2.3.4", service={"Service": "s", "Port": -1}),
        "between 0 and 65535, not -1",
    ),
    "an unknown consistency": (lambda c: c.kv.get("k", consistency="strong"), "consistency must be"),
    "two conditions of a write": (lambda c: c.kv.put("k", "v", cas=1, acquire="s"), "cannot be combined"),
    "a value that JSON cannot say": (lambda c: c.kv.put("k", float("nan")), "not JSON compliant"),
    "flags that are too large": (lambda c: c.kv.put("k", "v", flags=2**64), "between 0 and"),
    "a tag without a service": (lambda c: c.event.fire("e", tag="t"), "needs a service"),
    "a token with CR LF": (lambda c: c.using(token="a\r\nX-Evil: 1").kv.get("k"), "line break"),
    "a datacenter with a line feed": (
        lambda c: c.using(datacenter="a\nb").kv.get("k"),
        "contain control characters",
    ),
}


@on_every_face
@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_sent(face: Face, name: str, serve: Serve) -> None:
    call, says = CALLS[name]
    server = serve(face, HEALTHY)

    async def make_call(client: Any) -> Any:
        return await call(client)

    async def scenario(client: Any) -> None:
        error = await outcome(make_call(client))
        assert isinstance(error, ValueError), repr(error)
        assert says in str(error)
        assert await client.kv.get("k") == "v"
        assert len(server.requests) == 1

    face.run(scenario, server.url, timeout=2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"token": "a\r\nb"}, "X-Consul-Token must be ASCII without line breaks"),
        ({"token": "a\u20acb"}, "must be ASCII"),
        ({"port": 0}, "between 1 and 65535"),
        ({"port": 70000}, "between 1 and 65535"),
        ({"host": "a b"}, "not an address"),
        ({"host": "ftp://x"}, "http://, https:// or unix://"),
        ({"host": "http://user:secret@x"}, "must not contain credentials"),
        ({"scheme": "gopher"}, "'http', 'https', 'http+unix' or 'https+unix'"),
        ({"scheme": "http+unix"}, "path of a UNIX socket"),
        *(
            # The system would cut the path at the first NUL, and connect to another socket.
            ({"host": f"unix:///run/{name}"}, "control character")
            for name in ("consul\0.sock", "consul\n.sock", "\x1b[2J")
        ),
        ({"timeout": 0}, "above 0"),
        ({"timeout": -1}, "above 0"),
        ({"consistency": "strong"}, "consistency must be"),
        ({"token_file": "/does/not/exist"}, "token file cannot be read"),
        ({"host": "https://x", "ca_file": "/does/not/exist"}, "/does/not/exist"),
        ({"host": "https://x", "client_cert": "/does/not/exist"}, "/does/not/exist"),
        ({"basic_auth": ("a:b", "c")}, "must not contain a colon"),
    ],
    ids=str,
)
def test_invalid_arguments_of_a_client_are_a_value_error(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        Consul(**arguments)
    assert says in str(raised.value)
    if "token" in arguments:
        assert arguments["token"] not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_an_unknown_option_of_a_client_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="retries"):
        Consul(retries=3)  # type: ignore[call-arg] # the point of the test
