"""Answers that are not Consul's own: which exception each of them is, and what its message advises."""

from __future__ import annotations

import pytest

from consul_proto.errors import ACLDisabled, ClientError, Forbidden
from consul_proto.failures import error_for
from consul_proto.message import Headers, Request, Response

_REQUEST = Request("GET", "/v1/health/service/web")
_HTML = Headers([("Content-Type", "text/html")])


@pytest.mark.parametrize(
    ("response", "advice"),
    [
        (Response(401, _HTML, b"<h1>401 Unauthorized</h1>"), "basic_auth="),
        (Response(407, _HTML, b"<h1>Proxy Authentication Required</h1>"), "proxy='http://user:password@proxy:3128'"),
        (Response(403, _HTML, b"<h1>Forbidden</h1>"), "something in front of Consul refuses the request"),
        (Response(403, body=b'{"message": "denied"}'), "something in front of Consul refuses the request"),
    ],
    ids=["401", "407", "403 in HTML", "403 in JSON"],
)
def test_a_proxys_refusal_is_a_client_error_that_says_so(response: Response, advice: str) -> None:
    error = error_for(_REQUEST, response)
    assert type(error) is ClientError
    assert advice in str(error)
    assert (error.status, error.maybe_applied) == (response.status, False)


def test_consuls_own_refusals_keep_their_classes() -> None:
    assert type(error_for(_REQUEST, Response(401, body=b"ACL support disabled"))) is ACLDisabled
    assert type(error_for(_REQUEST, Response(403, body=b"Permission denied"))) is Forbidden


def test_a_server_that_wants_tls_is_known_by_its_words() -> None:
    error = error_for(_REQUEST, Response(400, body=b"Client sent an HTTP request to an HTTPS server.\n"))
    assert "use https://, or CONSUL_HTTP_SSL=true" in str(error)
