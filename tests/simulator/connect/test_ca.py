"""The roots of the certificate authority.

https://developer.hashicorp.com/consul/api-docs/connect/ca
"""

from __future__ import annotations

import json
import ssl
from base64 import b64decode
from hashlib import sha1, sha256
from typing import Any

import pytest

from consul_proto.message import Request, Response
from consul_proto.simulator import Parked, Settings, Simulator
from consul_proto.simulator.engine.versions import SIMULATED, Version
from tests.simulator.differential.calls import Call, each_case, get, put
from tests.simulator.differential.comparison import Sides

#: The beginning of a public key (RFC 5480): the object ids of an EC key on P-256, before the uncompressed point.
_KEY = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def _answer(simulator: Simulator, path: str, *query: tuple[str, str | None], now: float = 0.0) -> Response:
    answer = simulator.handle(Request("GET", path, query), now)
    assert isinstance(answer, Response)
    return answer


def _in_hex(digest: bytes) -> str:
    return digest.hex(":")


@pytest.mark.parametrize("version", SIMULATED, ids=str)
def test_the_answer_describes_the_certificate(version: Version) -> None:
    simulator = Simulator(Settings(version=version, acls=True))
    roots: dict[str, Any] = json.loads(_answer(simulator, "/v1/agent/connect/ca/roots").body)
    (root,) = roots["Roots"]
    der = ssl.PEM_cert_to_DER_cert(root["RootCert"])
    key = der[der.index(_KEY) :][: len(_KEY) + 65]
    assert roots["ActiveRootID"] == root["ID"] == _in_hex(sha1(der, usedforsecurity=False).digest())
    assert root["SigningKeyID"] == _in_hex(sha256(key).digest())
    assert f"spiffe://{roots['TrustDomain']}".encode() in der
    pem = _answer(simulator, "/v1/connect/ca/roots", ("pem", "true"))
    assert pem.body.decode() == root["RootCert"]
    assert pem.headers.get("content-type") == "application/pem-certificate-chain"
    assert b64decode("".join(root["RootCert"].splitlines()[1:-1])) == der


def test_the_agent_caches_the_roots() -> None:
    simulator = Simulator()
    said = [_answer(simulator, "/v1/agent/connect/ca/roots").headers.get("x-cache") for _ in range(2)]
    assert said == ["MISS", "HIT"]


@pytest.mark.parametrize("path", ["/v1/connect/ca/roots", "/v1/agent/connect/ca/roots"])
def test_a_query_with_the_current_index_waits(path: str) -> None:
    simulator = Simulator()
    index = _answer(simulator, path).headers.get("x-consul-index")
    parked = simulator.handle(Request("GET", path, (("index", index), ("wait", "10s"))), 0.0)
    assert isinstance(parked, Parked)
    simulator.advance(10.0)
    assert parked.response is not None
    assert parked.response.headers.get("x-consul-index") == index


CASES = {
    "the roots, for which Consul's own test helpers wait": [
        get("/v1/connect/ca/roots"),
        get("/v1/connect/ca/roots", ("index", "1")),
        get("/v1/connect/ca/roots", ("pem", "0")),
        get("/v1/connect/ca/roots", ("pem", "x")),
        get("/v1/connect/ca/roots", ("dc", "x")),
        get("/v1/agent/connect/ca/roots", ("dc", "x")),
        put("/v1/agent/connect/ca/roots"),
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []
