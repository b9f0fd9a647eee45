"""The configuration of a client, from its arguments and from the environment. It is read once, when the client is created."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from consul_proto.config import TLS, Config, Limits, addresses_of, basic_auth_of, proxy_secrets, tls_of
from consul_proto.options import Settings
from transports.identity import tokens_of

if TYPE_CHECKING:
    from consul_proto.agents import AgentOrder
    from consul_proto.query import Consistency
    from transports.cancel import Cancel
    from transports.identity.login import Login
    from transports.identity.token_file import TokenFile

#: Seconds for a whole call. A cluster without a leader answers after 7 s (rpc_hold_timeout), which leaves time for a retry.
DEFAULT_TIMEOUT = 10.0


class AsyncCallOptions(TypedDict, total=False):
    """Options of one call of an `AsyncConsul`.

    timeout: the time limit of this call in seconds, None for no limit; without it, the client's limit. A blocking query adds its wait.
    retry: False turns retries off.
    """

    timeout: float | None
    retry: bool


class CallOptions(AsyncCallOptions, total=False):
    """Options of one call of a `Consul`.

    cancel: a handle with which another thread can cancel the call, which then raises Cancelled.
    """

    cancel: Cancel | None


class ClientOptions(TypedDict, total=False):
    """Further options of a client. An option that is not given is read from its `CONSUL_*` environment variable, if there is one.

    timeout: seconds for a whole call (10 by default), None for no limit; a blocking query adds its wait.
    auth: who the client is, instead of `token`: a token, a TokenFile, or a Login through an auth method.
    token_file: a file with the token (overrides `token`), which is read again when it has changed.
    basic_auth: user and password, for a proxy in front of the agent.
    consistency: the mode of every read that does not set its own: "default", "leader", "stale" or "consistent".
    namespace, partition: for every call (Consul Enterprise).
    verify: False accepts any server certificate. ca_file, ca_path: the certificate authorities to trust, instead of the system's.
    client_cert, client_key: PEM files. server_name: the name that the certificate must have, instead of the host's.
    proxy: the URL of an HTTP proxy (sync only). limits: the limits on connections and on the size of an answer.
    agent_order: in which order several agents are tried: "given", or "random" for each call.
    """

    timeout: float | None
    auth: str | TokenFile | Login
    token_file: str | os.PathLike[str]
    basic_auth: tuple[str, str]
    consistency: Consistency
    namespace: str
    partition: str
    verify: bool
    ca_file: str
    ca_path: str
    client_cert: str
    client_key: str
    server_name: str
    proxy: str
    limits: Limits
    agent_order: AgentOrder


class ViewOptions(TypedDict, total=False):
    """Options of a view, which replace those of its client. None removes the client's value.

    timeout: seconds for a whole call, None for no limit. consistency: the mode of every read that does not set its own.
    token, datacenter, namespace, partition: for every call.
    """

    token: str | None
    datacenter: str | None
    namespace: str | None
    partition: str | None
    consistency: Consistency
    timeout: float | None


#: The options of a client, of a view, or of one call.
Options: TypeAlias = type[ClientOptions] | type[ViewOptions] | type[AsyncCallOptions]


def _identity(
    auth: str | TokenFile | Login | None, token: str | None, token_file: str | os.PathLike[str] | None, environ: Mapping[str, str]
) -> str | TokenFile | Login | None:
    """Return a constant token, or what finds the current one. Order: the arguments auth, token_file and token, the variables for a file
    and for a token.

    An empty token file is ignored, as by the official client; the next source is used.
    """
    if auth is not None:
        if token is not None or token_file is not None:
            raise ValueError("auth= says who the client is; leave out token= and token_file=, or give one of them instead of auth=")
        return auth or None
    if token_file is not None and (found := _token_file(token_file)) is not None:
        return found
    if token is not None:
        return token or None
    named = environ.get("CONSUL_HTTP_TOKEN_FILE")
    return (_token_file(named) if named else None) or environ.get("CONSUL_HTTP_TOKEN") or None


def _token_file(path: str | os.PathLike[str]) -> TokenFile | None:
    from transports.identity.token_file import TokenFile  # imported when it is used: most clients have none

    try:
        found = TokenFile(path)
    except ValueError as error:
        raise ValueError(f"{error}; it is named by token_file= or CONSUL_HTTP_TOKEN_FILE") from None
    return found if tokens_of(found).secrets else None  # it remembers the token that it has read


def read_configuration(
    host: str | Sequence[str] | None,
    port: int | None,
    datacenter: str | None,
    token: str | None,
    scheme: str | None,
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
    auth: str | TokenFile | Login | None = None,
    token_file: str | os.PathLike[str] | None = None,
    basic_auth: tuple[str, str] | None = None,
    consistency: Consistency = "default",
    namespace: str | None = None,
    partition: str | None = None,
    verify: bool | None = None,
    proxy: str | None = None,
    limits: Limits | None = None,
    agent_order: AgentOrder = "given",
    ca_file: str | None = None,
    ca_path: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    server_name: str | None = None,
) -> tuple[Config, Settings, TokenFile | Login | None]:
    """Return the configuration, the settings and the identity from the arguments and the environment. Raises ValueError.

    A constant token is one of the settings. The identity finds the current token of a file or a login; most clients have none.
    """
    environ = os.environ
    address, *others = addresses_of(host, port, scheme, environ)
    files = TLS(ca_file=ca_file, ca_path=ca_path, client_cert=client_cert, client_key=client_key, server_name=server_name)
    config = Config(address, tls_of(files, environ, verify), limits or Limits(), proxy, tuple(others), agent_order)
    identity = _identity(auth, token, token_file, environ)
    settings = Settings(
        token=identity if isinstance(identity, str) else None,
        datacenter=datacenter,
        namespace=namespace or environ.get("CONSUL_NAMESPACE") or None,
        partition=partition or environ.get("CONSUL_PARTITION") or None,
        consistency=consistency,
        timeout=timeout,
        headers=basic_auth_of(basic_auth, environ),
        concealed=proxy_secrets(proxy),
    )
    return config, settings, None if isinstance(identity, str) else identity
