"""Certificates for the tests, made for each run: an authority, a server and a client that it signed, and a self-signed stranger."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """PEM files, and the contexts of servers."""

    ca_file: str
    stranger_ca_file: str
    client_cert: str
    client_key: str
    server: ssl.SSLContext
    server_for_clients: ssl.SSLContext
    stranger: ssl.SSLContext
    other_name: ssl.SSLContext


def make(folder: Path) -> Certificates:
    """Write the files into a folder.

    server: for 127.0.0.1 and localhost. server_for_clients: the same, and asks for a client's certificate.
    stranger: by another authority, that of stranger_ca_file. other_name: for another host.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    client = authority.issue_cert("client@example.com")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")
    client.private_key_pem.write_to_path(folder / "client.key")
    asking = _server(authority, "127.0.0.1", "localhost")
    asking.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(asking)
    other_authority = trustme.CA()
    other_authority.cert_pem.write_to_path(folder / "stranger.pem")
    return Certificates(
        ca_file=str(folder / "ca.pem"),
        stranger_ca_file=str(folder / "stranger.pem"),
        client_cert=str(folder / "client.pem"),
        client_key=str(folder / "client.key"),
        server=_server(authority, "127.0.0.1", "localhost"),
        server_for_clients=asking,
        stranger=_server(other_authority, "127.0.0.1", "localhost"),
        other_name=_server(authority, "consul.example.com"),
    )


def _server(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context
