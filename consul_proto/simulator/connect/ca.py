"""The roots of Connect's certificate authority.

https://developer.hashicorp.com/consul/api-docs/connect/ca#list-ca-root-certificates. Clients and Consul's own test helpers wait for them
before they use an agent. Every simulator shows the same certificate; its key does not exist any more, so nothing is signed.
"""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_X
from consul_proto.simulator.go.numbers import FALSE, TRUE

#: The cluster's id in Consul's own test helpers (sdk/testutil).
_CLUSTER = "11111111-2222-3333-4444-555555555555"

#: Self-signed, and valid from 1970 to 9999, for any time of a simulator.
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIB5DCCAYqgAwIBAgIBBzAKBggqhkjOPQQDAjAxMS8wLQYDVQQDDCZwcmktMTEx
MTExMTEuY29uc3VsLmNhLjExMTExMTExLmNvbnN1bDAgFw03MDAxMDEwMDAwMDBa
GA85OTk5MTIzMTIzNTk1OVowMTEvMC0GA1UEAwwmcHJpLTExMTExMTExLmNvbnN1
bC5jYS4xMTExMTExMS5jb25zdWwwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATW
MzkwR/Y0y6L2/jvXGdo6jztHOqyLpQam+SKrRm+pMhqIajNOOaJOdJ9fj5+K0EtJ
QMN4co8Z93GHCMXNtg6Xo4GQMIGNMA4GA1UdDwEB/wQEAwIBhjAPBgNVHRMBAf8E
BTADAQH/MCkGA1UdDgQiBCAmTOVm1rmlcsuTaXZT2eAdhoCOByUBf7RzJuvlKMQL
dTA/BgNVHREEODA2hjRzcGlmZmU6Ly8xMTExMTExMS0yMjIyLTMzMzMtNDQ0NC01
NTU1NTU1NTU1NTUuY29uc3VsMAoGCCqGSM49BAMCA0gAMEUCIFHR3iEXLsDDIJrc
+3wXl1rZKHyNZPs6nRIeIKcuHw3kAiEA3dWIsC4HkyHkxeQShbWt30csUP2NmrS8
qBOnA9tpgh8=
-----END CERTIFICATE-----
"""

#: The SHA-1 of the certificate, and the SHA-256 of its public key.
_ID = "e0:50:2b:76:02:89:84:5d:cd:35:8c:1d:34:f2:1a:ce:67:75:b8:da"
_KEY_ID = "26:4c:e5:66:d6:b9:a5:72:cb:93:69:76:53:d9:e0:1d:86:80:8e:07:25:01:7f:b4:73:26:eb:e5:28:c4:0b:75"

_TABLE = "connect-ca-roots"


class CARoots:
    """`/v1/connect/ca/roots` and `/v1/agent/connect/ca/roots`. Neither needs a token or checks it."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        store.apply()
        store.change(_TABLE)
        self._since = store.index
        #: The tokens of earlier requests, whose answers the agent has cached. A real agent may cache the one for no token at its start.
        self._cache_tokens: set[str] = set()

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/connect/ca/roots": Route(("GET",), self.roots, topics=_topics, index=True),
            "/v1/agent/connect/ca/roots": Route(("GET",), self.cached, topics=_topics),
        }

    def _require(self, request: ServerRequest) -> None:
        request.reach_datacenter()
        if not self._settings.connect:
            raise Refusal(500, "Connect must be enabled in order to use this endpoint")

    def roots(self, request: ServerRequest) -> ReadAnswer:
        """GET roots: as JSON, or with `pem` the certificates themselves."""
        pem = request.first("pem")
        if pem and pem not in TRUE | FALSE:
            raise Refusal(400, f"{self._settings.bad_request}The 'pem' query parameter must be a boolean value")
        self._require(request)
        return ReadAnswer(0, _CERTIFICATE.encode(), kind="application/pem-certificate-chain") if pem in TRUE else self._answer()

    def cached(self, request: ServerRequest) -> ReadAnswer:
        """GET roots of the agent: from its cache."""
        self._require(request)
        known = request.token in self._cache_tokens
        self._cache_tokens.add(request.token)
        return self._answer(("X-Cache", "HIT"), ("Age", "0")) if known else self._answer(("X-Cache", "MISS"))

    def _answer(self, *headers: tuple[str, str]) -> ReadAnswer:
        root: dict[str, Any] = {
            "ID": _ID,
            "Name": f"Consul CA {'Root' if self._settings.version < V1_X else 'Primary'} Cert",
            "SerialNumber": 7,
            "SigningKeyID": _KEY_ID,
            "ExternalTrustDomain": _CLUSTER,
            "NotBefore": "1970-01-01T00:00:00Z",
            "NotAfter": "9999-12-31T23:59:59Z",
            "RootCert": _CERTIFICATE,
            "IntermediateCerts": None,
            "Active": True,
            "PrivateKeyType": "ec",
            "PrivateKeyBits": 256,
            "CreateIndex": self._since,
            "ModifyIndex": self._since,
        }
        body = {"ActiveRootID": _ID, "TrustDomain": f"{_CLUSTER}.consul", "Roots": [root]}
        # 1.8.7 says here that the leader is not known.
        servers = (
            server_headers(known=False)
            if self._settings.version < V1_X
            else [*server_headers(), ("X-Consul-Query-Backend", "blocking-query")]
        )
        return ReadAnswer(self._since, body, local=True, headers=(*servers, *headers))


def _topics(_request: ServerRequest) -> tuple[Topic, ...]:
    return (("table", _TABLE),)
