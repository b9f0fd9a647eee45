"""The address of Consul and how to connect to it: addresses, TLS, and the official client's `CONSUL_*` variables.

https://developer.hashicorp.com/consul/commands#environment-variables
An argument always wins over the environment, and an explicit token over a token file of the environment.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from consul_proto.frozen import dataclass
from consul_proto.message import Request
from consul_proto.percent import unquote

if TYPE_CHECKING:
    from consul_proto.agents import AgentOrder

#: https://developer.hashicorp.com/consul/docs/install/ports: the HTTP API of an agent.
DEFAULT_PORT = 8500

#: The port of a URL that has none (RFC 9110, sections 4.2.1 and 4.2.2).
_SCHEME_PORTS = {"http": 80, "https": 443}

#: Seconds within which one of several agents must accept a connection.
_CONNECT_CEILING = 3.0

#: The values of boolean environment variables, as Go's strconv.ParseBool accepts them.
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})

#: A scheme of a UNIX socket -> the scheme of its `Address`.
_UNIX_SCHEMES = {"unix": "unix", "http+unix": "unix", "https+unix": "https+unix"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where an agent listens.

    scheme: "http", "https", "unix" or "https+unix", which is TLS over a UNIX socket. host, port: for "http" and "https".
    path: of a UNIX socket. prefix: of every path ("/consul").
    """

    scheme: str = "http"
    host: str = "localhost"
    port: int = DEFAULT_PORT
    path: str = ""
    prefix: str = ""

    def __post_init__(self) -> None:
        # The system would cut the path of a socket at its first NUL, and connect to another.
        if any(ord(character) < 32 or character == "\x7f" for character in self.path):
            raise ValueError(f"an address must not contain control characters: {self.path!r}")

    @property
    def is_unix(self) -> bool:
        """Return whether this is a UNIX socket."""
        return self.scheme in _UNIX_SCHEMES

    @property
    def is_encrypted(self) -> bool:
        """Return whether the connection uses TLS."""
        return self.scheme.startswith("https")

    @property
    def authority(self) -> str:
        """Return the value of the Host header."""
        if self.is_unix:
            return "localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _SCHEME_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}" if self.is_unix else f"{self.scheme}://{self.authority}{self.prefix}"


@dataclass(frozen=True, slots=True)
class TLS:
    """How the server is verified, and how the client identifies itself.

    verify: check the server's certificate and its name. ca_file, ca_path: the authorities to trust, instead of the system's.
    client_cert, client_key: files in PEM. server_name: the name for SNI and for the check of the certificate, instead of the host.
    """

    verify: bool = True
    ca_file: str | None = None
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections a client may open, and how large an answer may be.

    connections: the most connections for ordinary calls. blocking: how many more for blocking queries, each of which needs one.

    An agent accepts 200 connections from one address (limits.http_max_conns_per_client, since 1.6.3):
    https://developer.hashicorp.com/consul/docs/agent/config/config-files#http_max_conns_per_client
    idle: seconds after which an idle connection is not used again; a server closes it after 120 (since 1.22.5).
    response_size: bytes of the largest answer to accept; None: no limit.
    """

    connections: int = 32
    blocking: int = 128
    idle: float = 60.0
    response_size: int | None = None

    def __post_init__(self) -> None:
        for name, number in (("connections", self.connections), ("blocking", self.blocking), ("response_size", self.response_size)):
            if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
                raise TypeError(f"Limits(): {name} must be an int, not {type(number).__name__}")
        if isinstance(self.idle, bool) or not isinstance(self.idle, int | float):
            raise TypeError(f"Limits(): idle must be a number of seconds, not {type(self.idle).__name__}")
        if self.connections < 1 or self.blocking < 1:
            raise ValueError("connections and blocking must be 1 or more: ordinary calls and blocking queries do not share them")
        if self.response_size is not None and self.response_size < 1:
            raise ValueError(f"response_size must be a number of bytes above 0, or None for no limit, not {self.response_size}")


@dataclass(frozen=True, slots=True)
class Config:
    """Where and how a transport connects.

    proxy: the URL of an HTTP proxy; it is not shown, since it may hold credentials.
    others: the addresses of the client's other agents, which have transports of their own. agent_order: in which order they are tried.
    """

    address: Address = field(default_factory=Address)
    tls: TLS = field(default_factory=TLS)
    limits: Limits = field(default_factory=Limits)
    proxy: str | None = field(default=None, repr=False)
    others: tuple[Address, ...] = ()
    agent_order: AgentOrder = "given"

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return the addresses of all agents of the client."""
        return (self.address, *self.others)

    @property
    def shown(self) -> str:
        """Return these addresses as one text."""
        return ", ".join([str(address) for address in self.addresses])


def connect_deadline(now: float, deadline: float, agents: int) -> float:
    """Return until when one of several agents must accept a connection, so that there is time for the others. Times in seconds."""
    return now + min(_CONNECT_CEILING, (deadline - now) / agents)


@dataclass(frozen=True, slots=True)
class _Written:
    """An address as it is written: `scheme` is empty, or `port` None, if the address does not contain it."""

    scheme: str = ""
    host: str = ""
    port: int | None = None
    path: str = ""
    prefix: str = ""

    def address(self, scheme: str, default_port: int | None) -> Address:
        """Return the address. default_port: the port if none is written; None: the default port of the scheme."""
        if self.path:
            return Address(scheme, path=self.path)
        return Address(scheme, self.host, self.port or default_port or _SCHEME_PORTS[scheme], prefix=self.prefix)


def parse_address(text: str) -> Address:
    """Read an address as the official client does: "host:port", "http://host:port/prefix", "https://...", "unix:///path".

    "https+unix:///path" is TLS over a UNIX socket.

    The base URI of the documented API, which ends in "/v1", means the same as the address without it.
    Raises ValueError for anything else.
    """
    written = _written(text)
    return written.address(written.scheme or "http", None)


def _written(text: str) -> _Written:
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
        _check_slashes(text)
    elif scheme in _UNIX_SCHEMES:
        return _Written(_UNIX_SCHEMES[scheme], path=_socket_path(scheme, rest, text))
    elif scheme not in _SCHEME_PORTS:
        raise ValueError(f"an address must begin with http://, https:// or unix://, or be host:port: {text!r}")
    authority, slash, prefix = rest.partition("/")
    if "@" in authority or "?" in rest or "#" in rest:
        raise ValueError("an address must not contain credentials, a query or a fragment; pass credentials as basic_auth")
    Request("GET", slash + prefix or "/")  # raises ValueError for a prefix that cannot be part of a path
    prefix = (slash + prefix).rstrip("/").removesuffix("/v1").rstrip("/")
    if prefix and not scheme:
        raise ValueError(f"an address with a path must begin with http:// or https://: {text!r}")
    host, port = _host_and_port(authority, text)
    return _Written(scheme, host, port, prefix=prefix)


def _check_slashes(text: str) -> None:
    """Raise ValueError for a scheme without its slashes: "http:h:8500" is not a host."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in (*_SCHEME_PORTS, *_UNIX_SCHEMES) and not rest.isdigit():
        slashes = "///" if scheme.lower() in _UNIX_SCHEMES else "//"
        raise ValueError(f"not an address: {text!r}; did you mean {scheme.lower()}:{slashes}{rest.lstrip('/')}?")


def _socket_path(scheme: str, rest: str, text: str) -> str:
    path = unquote(rest.partition("/")[0]) if rest.startswith("%2F") else rest
    if scheme != "unix":
        path = path.rstrip("/").removesuffix("/v1")
    if not path.startswith("/"):
        raise ValueError(f"the path of a UNIX socket must be absolute, as in unix:///run/consul.sock: {text!r}")
    return path


def _host_and_port(authority: str, text: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")) or not _is_ipv6(host):
            raise ValueError(f"not an address: {text!r}; expected host:port, as in 127.0.0.1:8500 or [::1]:8500")
        port = rest[1:]
    elif authority.count(":") > 1:
        host, port = authority, ""
        if not _is_ipv6(host):
            raise ValueError(f"not an address: {text!r}; expected host:port, as in 127.0.0.1:8500 or [::1]:8500")
    else:
        host, _, port = authority.partition(":")
        if port and not host:
            host = "localhost"  # as the official client: ":8500" is a port of this machine
    if not host or not host.isprintable() or " " in host:
        raise ValueError(f"not an address: {text!r}; expected host:port, http://host:port, https://host:port or unix:///path")
    if not host.isascii():
        raise ValueError(f"a host name must be ASCII; write other scripts as xn--...: {text!r}")
    return host, _port(port, text) if port else None


def _is_ipv6(host: str) -> bool:
    import ipaddress  # imported when it is used: few addresses are of version 6

    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _port(text: str, address: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ValueError(f"the port of an address must be between 1 and 65535: {address!r}")
    return int(text)


def address_of(host: str | None, port: int | None, scheme: str | None, environ: Mapping[str, str]) -> Address:
    """Return the address from these arguments or, if they are None, from the environment.

    Raises ValueError for an invalid address.
    """
    if scheme is not None and scheme not in (*_SCHEME_PORTS, *_UNIX_SCHEMES):
        raise ValueError(f"scheme must be 'http', 'https', 'http+unix' or 'https+unix', not {scheme!r}")
    if port is not None and not 0 < port < 65536:
        raise ValueError(f"port must be between 1 and 65535, not {port!r}")
    in_environment = environ.get("CONSUL_HTTP_ADDR") or f"localhost:{DEFAULT_PORT}"
    if scheme in _UNIX_SCHEMES:
        return _socket(host, scheme, in_environment)
    written = _written(in_environment if host is None else host)
    wants_tls = scheme == "https" or (scheme is None and bool(_switch("CONSUL_HTTP_SSL", environ)))
    if written.path:
        return written.address("https+unix" if wants_tls else written.scheme, None)
    if host is not None:
        _check_agreement(written, port, scheme)
    scheme = scheme or ("https" if wants_tls else written.scheme or "http")
    default_port = DEFAULT_PORT if host is not None and not written.scheme else None
    return replace(written, port=port or written.port).address(scheme, default_port)


def addresses_of(host: str | Iterable[str] | None, port: int | None, scheme: str | None, environ: Mapping[str, str]) -> tuple[Address, ...]:
    """Return the addresses of a client's agents, each once: of a list, or of a text with commas; see `address_of`.

    Raises ValueError for an invalid address, and for an empty list.
    """
    if isinstance(host, str) or host is None:
        texts = _split(host if host is not None else environ.get("CONSUL_HTTP_ADDR") or "", scheme)
        if len(texts) < 2:
            return (address_of(host, port, scheme, environ),)
    else:
        texts = [*host]
        if not texts:
            raise ValueError("host must be an address or a list of them, and this list is empty")
    if host is None:
        found = [address_of(None, port, scheme, {**environ, "CONSUL_HTTP_ADDR": text}) for text in texts]
    else:
        found = [address_of(text, port, scheme, environ) for text in texts]
    return tuple(dict.fromkeys(found))


def _split(text: str, scheme: str | None) -> list[str]:
    """Split addresses at their commas. After a UNIX socket, whose path may have commas, an address needs its scheme."""
    texts: list[str] = []
    for part in text.split(","):
        in_socket = bool(texts) and (scheme in _UNIX_SCHEMES or texts[-1].partition("://")[0] in _UNIX_SCHEMES)
        if in_socket and "://" not in part:
            texts[-1] += f",{part}"
        else:
            texts.append(part.strip())
    if len(texts) > 1 and not all(texts):
        raise ValueError(f"an address is missing before or after a comma: {text!r}")
    return texts


def _socket(host: str | None, scheme: str, in_environment: str) -> Address:
    """Return the address of a UNIX socket: `host` is its path or URL; if it is None, CONSUL_HTTP_ADDR has its URL."""
    if host and "://" not in host:
        return Address(_UNIX_SCHEMES[scheme], path=host)
    text = in_environment if host is None else host
    if text.partition("://")[0] not in _UNIX_SCHEMES:
        raise ValueError(f"with the scheme {scheme!r}, host must be the path of a UNIX socket, as in /run/consul.sock, not {host!r}")
    if scheme != "https+unix" and text.startswith("https+unix"):
        raise ValueError(f"host begins with https+unix://, and scheme is {scheme!r}; give one of them")
    return replace(parse_address(text), scheme=_UNIX_SCHEMES[scheme])


def _check_agreement(written: _Written, port: int | None, scheme: str | None) -> None:
    """Raise ValueError if `host` contradicts another argument."""
    if port is not None and written.port not in (None, port):
        raise ValueError(f"host has the port {written.port}, and port is {port}; give one of them")
    if scheme == "http" and written.scheme == "https":
        raise ValueError("host begins with https://, and scheme is 'http'; give one of them")


def _switch(name: str, environ: Mapping[str, str]) -> bool | None:
    """Return the value of a boolean variable; None if it is not set or empty."""
    value = environ.get(name, "")
    if value == "":
        return None
    if value not in _TRUE and value not in _FALSE:
        raise ValueError(f"the environment variable {name} must be true or false, not {value!r}")
    return value in _TRUE


_TLS_VARIABLES = {
    "ca_file": "CONSUL_CACERT",
    "ca_path": "CONSUL_CAPATH",
    "client_cert": "CONSUL_CLIENT_CERT",
    "client_key": "CONSUL_CLIENT_KEY",
    "server_name": "CONSUL_TLS_SERVER_NAME",
}


def tls_of(given: TLS, environ: Mapping[str, str], verify: bool | None) -> TLS:
    """Return the given TLS settings; those that are None come from the environment. Raises ValueError for a variable that is not a bool."""
    files = {name: getattr(given, name) or environ.get(variable) or None for name, variable in _TLS_VARIABLES.items()}
    in_environment = _switch("CONSUL_HTTP_SSL_VERIFY", environ) if verify is None else verify
    return TLS(verify=in_environment is not False, **files)


def proxy_secrets(proxy: str | None) -> tuple[str, ...]:
    """Return the secrets in a proxy's URL: its password as written, decoded, and as it is sent."""
    credentials = (proxy or "").rpartition("@")[0].partition("://")[2]
    password = credentials.partition(":")[2]
    sent = b2a_base64(unquote(credentials).encode(), newline=False).decode()
    return tuple(dict.fromkeys(secret for secret in (password, unquote(password), sent) if secret))


def basic_auth_of(given: tuple[str, str] | None, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the Authorization header for a user and password; no header if neither the argument nor CONSUL_HTTP_AUTH is set."""
    if given is None:
        if not environ.get("CONSUL_HTTP_AUTH"):
            return ()
        user, _, password = environ["CONSUL_HTTP_AUTH"].partition(":")
        given = (user, password)
    if ":" in given[0]:
        raise ValueError("the user name of basic_auth must not contain a colon")
    return (("Authorization", "Basic " + b2a_base64(":".join(given).encode(), newline=False).decode()),)
