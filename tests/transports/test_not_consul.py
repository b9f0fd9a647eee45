"""Answers of something in front of Consul: a proxy that wants a password, a login page, a page that says no. Each error says so."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ACLDisabled, ClientError, ConsulateException, Forbidden, Redirected
from tests.faces import Face, on_every_face, outcome
from tests.fakes.raw_server import ReadRequest, Send, answer
from tests.transports.conftest import Serve

_HTML = ("Content-Type", "text/html")
_LOGIN = "https://login.example.com/start?next=%2Fv1%2Fkv%2Fk#form"
_MOVED = "something in front of Consul redirects to "

#: Name -> status, body, headers of the answer; the exception, what it says and what it does not.
ANSWERS: dict[str, tuple[int, bytes, list[tuple[str, str]], type[ConsulateException], str, str]] = {
    "ACLs are off": (401, b"ACL support disabled", [], ACLDisabled, "ACL support disabled", "basic_auth"),
    "ACLs are off, said by a server": (401, b"rpc error making call: ACL support disabled\n", [], ACLDisabled, "disabled", "basic_auth"),
    "a proxy's 401": (401, b"Unauthorized", [("WWW-Authenticate", "Basic")], ClientError, "give them with basic_auth=", "ACL"),
    "a proxy's page with 401": (401, b"<html>401</html>", [_HTML], ClientError, "an HTML page of 16 bytes", "ACL"),
    "an empty 401": (401, b"", [], ClientError, "basic_auth=", "ACL"),
    "a 401 that quotes Consul": (401, b"login first: ACL support disabled?", [], ClientError, "basic_auth=", "ACLs"),
    "an HTTP proxy's 407": (407, b"", [], ClientError, "proxy='http://user:password@proxy:3128'", "token"),
    "Consul's 403": (403, b"Permission denied", [], Forbidden, "give a token that has the rule", "in front of"),
    "a proxy's page with 403": (403, b"<html>no</html>", [_HTML], ClientError, "something in front of Consul refuses the request", "token"),
    "a gateway's 403": (403, b'{"message": "Forbidden"}', [], ClientError, "something in front of Consul refuses the request", "token"),
    "Consul's 301": (301, b"", [("Location", "/v1/kv/x?recurse")], Redirected, "to /v1/kv/x?recurse and did nothing; use", "front"),
    "Consul's 307": (307, b"", [("Location", "/v1/kv/x")], Redirected, "redirects to /v1/kv/x and did nothing; use the name", "front"),
    "Consul's 301 to the root": (301, b"", [("Location", "/v1")], Redirected, "redirects to /v1 and did nothing", "front"),
    "a 302 to a login page": (302, b"", [("Location", _LOGIN)], ClientError, f"{_MOVED}https://login.example.com/start; check", "name in"),
    "a 302 to a path of the API": (302, b"", [("Location", "/v1/kv/x")], ClientError, f"{_MOVED}/v1/kv/x; check", "name in"),
    "a 301 to TLS": (301, b"", [("Location", "https://h/v1/kv/k")], ClientError, f"{_MOVED}https://h/v1/kv/k; check", "name in"),
    "a 301 to a login page": (301, b"", [("Location", "/login?next=/v1/kv/k")], ClientError, f"{_MOVED}/login; check", "name in"),
    "a 307 to something like the API": (307, b"", [("Location", "/v1beta/kv")], ClientError, f"{_MOVED}/v1beta/kv; check", "name in"),
    "a 301 to nowhere": (301, b"", [], ClientError, f"{_MOVED}another address; check the address", "name in"),
    "a 303": (303, b"", [("Location", "/ui/")], ClientError, f"{_MOVED}/ui/; check", "name in"),
}  # fmt: skip


@on_every_face
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(face: Face, name: str, serve: Serve) -> None:
    status, body, headers, kind, says, says_not = ANSWERS[name]
    refused = [ReadRequest(), Send(answer(status, body, headers))]
    server = serve(face, [*refused, *refused])

    async def scenario(client: Any) -> None:
        for call in (client.kv.get("k"), client.kv.put("k", "v")):
            error = await outcome(call)
            assert type(error) is kind
            assert says in str(error)
            assert says_not not in str(error)
            assert (error.status, error.maybe_applied) == (status, False)

    face.run(scenario, server.url, timeout=5)
