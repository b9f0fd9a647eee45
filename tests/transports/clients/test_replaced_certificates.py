"""Certificate files that are replaced: new connections use what they hold then."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import trustme

from consulate import Limits
from consulate.exceptions import RequestError
from tests.faces import Face, on_every_face, outcome
from tests.fakes.certificates import Certificates
from tests.fakes.faults import HEALTHY
from tests.transports.conftest import Serve

#: Each call needs a new connection.
_NO_REUSE = Limits(idle=0.0)


@on_every_face
def test_a_new_authority_is_trusted_by_new_connections(
    face: Face, serve: Serve, certificates: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(face, HEALTHY, tls=certificates.stranger)
    ca_file = tmp_path / "ca.pem"
    shutil.copy(certificates.ca_file, ca_file)

    async def scenario(client: Any) -> None:
        assert type(await outcome(client.kv.get("k"))) is RequestError
        shutil.copy(certificates.stranger_ca_file, ca_file)
        assert await client.kv.get("k") == "v"
        ca_file.write_text("half of a certificate")
        for _ in range(2):
            assert await client.kv.get("k") == "v"
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert "new connections use what was read before" in caplog.text
        shutil.copy(certificates.ca_file, ca_file)
        assert type(await outcome(client.kv.get("k"))) is RequestError

    face.run(scenario, server.url, ca_file=str(ca_file), timeout=5, limits=_NO_REUSE)


@on_every_face
def test_a_client_certificate_and_its_key_are_replaced_one_after_the_other(
    face: Face, serve: Serve, certificates: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(face, HEALTHY, tls=certificates.server_for_clients)
    cert, key = tmp_path / "client.pem", tmp_path / "client.key"
    strange = trustme.CA().issue_cert("client@example.com")
    strange.cert_chain_pems[0].write_to_path(cert)
    strange.private_key_pem.write_to_path(key)

    async def scenario(client: Any) -> None:
        assert isinstance(await outcome(client.kv.get("k")), RequestError)
        shutil.copy(certificates.client_cert, cert)
        assert isinstance(await outcome(client.kv.get("k")), RequestError)
        assert f"the client certificate at {cert} cannot be used" in caplog.text
        shutil.copy(certificates.client_key, key)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, ca_file=certificates.ca_file, client_cert=str(cert), client_key=str(key), timeout=5, limits=_NO_REUSE)
