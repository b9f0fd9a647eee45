"""The proxies of the environment, HTTP_PROXY and its siblings: no client looks at them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faces import Face, on_every_tcp_face
from tests.fakes.certificates import Certificates
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import ClosedPort
from tests.transports.conftest import Serve


@on_every_tcp_face
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_is_ignored(face: Face, scheme: str, serve: Serve, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(face, HEALTHY, **({"tls": certificates.server} if scheme == "https" else {}))

    async def scenario(client: Any) -> None:
        assert await client.kv.put("k", "v") is True
        assert await client.kv.get("k") == "v"
        assert [request.target for request in server.requests] == ["/v1/kv/k", "/v1/kv/k"]

    with ClosedPort() as nobody:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody.port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{nobody.port}")
        face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)
