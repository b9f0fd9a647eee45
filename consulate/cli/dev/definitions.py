"""Turn services, checks and configuration entries of configuration files into the requests that register them.

https://developer.hashicorp.com/consul/docs/reference/service, /reference/service/health-check
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consulate.cli.dev.shapes import Block, Duration, Flag, ListOf, MapOf, Number, Opaque, Place, Shape, Text

_TEXT, _FLAG, _NUMBER, _DURATION = Text(), Flag(), Number(), Duration()
_TEXTS = ListOf(_TEXT)

#: What a check has in a file that does not say it.
_OUTPUT_MAX_SIZE = 4096

#: The members of a check that 1.8.7 does not have.
_LATER_CHECK = "udp h2ping h2ping_use_tls os_service tls_server_name disable_redirects tcp_use_tls failures_before_warning"


def _members(shape: Shape, names: str) -> dict[str, Shape]:
    """Return members of one type. names: with spaces between them."""
    return dict.fromkeys(names.split(), shape)


def _check(api: Mapping[str, str]) -> Block:
    texts = (
        "id name notes service_id token status http method body tcp udp docker_container_id shell grpc h2ping os_service "
        "alias_node alias_service tls_server_name"
    )
    numbers = "output_max_size success_before_passing failures_before_warning failures_before_critical"
    return Block(
        {
            **_members(_TEXT, texts),
            **_members(_DURATION, "interval timeout ttl deregister_critical_service_after"),
            **_members(_NUMBER, numbers),
            **_members(_FLAG, "disable_redirects tcp_use_tls grpc_use_tls h2ping_use_tls tls_skip_verify"),
            "args": _TEXTS,
            "header": MapOf(_TEXTS),
        },
        later=frozenset(_members(_TEXT, _LATER_CHECK)),
        aliases={
            "scriptargs": "args",
            "dockercontainerid": "docker_container_id",
            "tlsskipverify": "tls_skip_verify",
            "serviceid": "service_id",
            "deregistercriticalserviceafter": "deregister_critical_service_after",
        },
        api=api,
        defaults={"OutputMaxSize": _OUTPUT_MAX_SIZE},
    )


_MESH_GATEWAY = Block({"mode": _TEXT})
_UPSTREAM = Block(
    {
        **_members(_TEXT, "destination_type destination_namespace destination_partition destination_peer destination_name datacenter"),
        **_members(_TEXT, "local_bind_address local_bind_socket_path local_bind_socket_mode"),
        "local_bind_port": _NUMBER,
        "config": Opaque(),
        "mesh_gateway": _MESH_GATEWAY,
    },
    later=frozenset({"destination_partition", "destination_peer", "local_bind_socket_path", "local_bind_socket_mode"}),
)
_EXPOSED_PATH = Block({**_members(_NUMBER, "listener_port local_path_port"), **_members(_TEXT, "path protocol")})
_PROXY = Block(
    {
        **_members(_TEXT, "destination_service_name destination_service_id local_service_address local_service_socket_path mode"),
        "local_service_port": _NUMBER,
        "transparent_proxy": Block({"outbound_listener_port": _NUMBER, "dialed_directly": _FLAG}),
        "config": Opaque(),
        "upstreams": ListOf(_UPSTREAM),
        "mesh_gateway": _MESH_GATEWAY,
        "expose": Block({"checks": _FLAG, "paths": ListOf(_EXPOSED_PATH)}),
    },
    later=frozenset({"local_service_socket_path", "mode", "transparent_proxy"}),
)


def _service(connect: Mapping[str, Shape]) -> Block:
    check = _check({"id": "CheckID"})  # a check of a service has another name for its id in the API
    return Block(
        {
            **_members(_TEXT, "id name kind address token socket_path"),
            "tags": _TEXTS,
            "meta": MapOf(_TEXT),
            "tagged_addresses": MapOf(Block({"address": _TEXT, "port": _NUMBER})),
            "port": _NUMBER,
            "ports": ListOf(Block({"name": _TEXT, "port": _NUMBER, "default": _FLAG})),
            "enable_tag_override": _FLAG,
            "weights": Block({"passing": _NUMBER, "warning": _NUMBER}, defaults={"Passing": 1, "Warning": 1}),
            "check": check,
            "checks": ListOf(check),
            "proxy": _PROXY,
            "connect": Block({"native": _FLAG, **connect}),
            "locality": Block({"region": _TEXT, "zone": _TEXT}),
        },
        later=frozenset({"ports", "socket_path", "locality"}),
    )


#: Services and checks as files write them.
_SERVICE, _CHECK = _service({"sidecar_service": _service({})}), _check({})


@dataclass(frozen=True, slots=True)
class Definition:
    """A service, a check or a configuration entry to register.

    path: of the request. where: how messages name it. body: of the request.
    """

    path: str
    where: str
    body: Mapping[str, Any] = field(repr=False)


def service_definition(given: Any, place: Place) -> Definition:
    """Return the definition of a service. Raises InvalidValue."""
    body = _SERVICE.read(given, place)
    for one in (body, body.get("Connect", {}).get("SidecarService", {})):
        if "Check" in one:  # in a file it comes last, in a request first
            one["Checks"] = [*one.get("Checks", ()), one.pop("Check")]
    return Definition("/v1/agent/service/register", _label("service", body.get("Name")), body)


def check_definition(given: Any, place: Place) -> Definition:
    """Return the definition of a check, of the node or of a service. Raises InvalidValue."""
    body = _CHECK.read(given, place)
    return Definition("/v1/agent/check/register", _label("check", body.get("Name")), body)


def entry_definition(given: Any, place: Place) -> Definition:
    """Return the definition of a configuration entry; `/v1/config` takes it as the file writes it. Raises InvalidValue."""
    body = Opaque().read(given, place)
    name = next((value for known, value in body.items() if known.lower() == "name"), None)
    return Definition("/v1/config", _label("configuration entry", name), body)


def _label(what: str, name: object) -> str:
    return f"the {what} {name!r}" if name else f"a {what} without a name"
