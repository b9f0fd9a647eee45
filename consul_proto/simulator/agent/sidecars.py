"""Sidecar proxies that are registered together with their service.

https://developer.hashicorp.com/consul/docs/connect/proxy/deploy-sidecar-services
"""

from __future__ import annotations

from typing import Any

#: The first port for sidecars: https://developer.hashicorp.com/consul/docs/install/ports
SIDECAR_PORT = 21000

#: Where a proxy reaches its service, unless the registration says otherwise.
_LOOPBACK = "127.0.0.1"


def sidecar_in(given: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a registration says about the sidecar of its service, None if it has none."""
    sidecar: dict[str, Any] | None = (given.get("Connect") or {}).get("SidecarService")
    return sidecar


def sidecar_id(service_id: str) -> str:
    """Return the id of the sidecar of a service."""
    return f"{service_id}-sidecar-proxy"


def sidecar_faults(given: dict[str, Any]) -> list[str]:
    """Return what is wrong with a service because of its sidecar."""
    sidecar = sidecar_in(given) or {}
    rules = (
        (sidecar.get("ID"), "A SidecarService cannot specify an ID as this is managed by the agent"),
        (sidecar_in(sidecar) is not None, "A SidecarService cannot have a nested SidecarService"),
    )
    return [text for is_broken, text in rules if is_broken]


def as_proxy(sidecar: dict[str, Any], service: str) -> dict[str, Any]:
    """Return a sidecar as a proxy of a service."""
    proxy = sidecar.get("Proxy") or {}
    own = {"DestinationServiceName": proxy.get("DestinationServiceName") or service}
    return {**sidecar, "Kind": sidecar.get("Kind") or "connect-proxy", "Proxy": {**proxy, **own}}


def sidecar_registration(sidecar: dict[str, Any], service: dict[str, Any], port: int) -> dict[str, Any]:
    """Return the registration of a sidecar, with what it takes over from its service. port: for a sidecar without one."""
    proxy = as_proxy(sidecar, service["Service"])
    own = {
        "ID": sidecar_id(service["ID"]),
        "Name": sidecar.get("Name") or sidecar_id(service["Service"]),
        "Port": sidecar["Port"] if (sidecar.get("Port") or 0) > 0 else port,
        "Proxy": _to_service(proxy["Proxy"], service),
    }
    taken_over = {name: sidecar.get(name) or service.get(name) or sidecar.get(name) for name in ("Tags", "Meta", "Address", "Locality")}
    return {**proxy, **taken_over, **own}


def _to_service(proxy: dict[str, Any], service: dict[str, Any]) -> dict[str, Any]:
    """Return the proxy's configuration, with the address of its service: a socket, or a port on this machine."""
    own = {"DestinationServiceID": proxy.get("DestinationServiceID") or service["ID"]}
    port = proxy.get("LocalServicePort") or 0
    if proxy.get("LocalServiceSocketPath"):
        return {**proxy, **own}
    if service.get("SocketPath") and not (proxy.get("LocalServiceAddress") and port > 0):
        return {**proxy, **own, "LocalServiceSocketPath": service["SocketPath"]}
    own["LocalServiceAddress"] = proxy.get("LocalServiceAddress") or _LOOPBACK
    return {**proxy, **own, "LocalServicePort": port if port > 0 else service.get("Port") or 0}


def default_checks(service_id: str, port: int) -> list[dict[str, Any]]:
    """Return the checks of a sidecar that does not name any: it listens, and its service is healthy."""
    return [
        {"Name": "Connect Sidecar Listening", "TCP": f"{_LOOPBACK}:{port}", "Interval": "10s"},
        {"Name": f"Connect Sidecar Aliasing {service_id}", "AliasService": service_id},
    ]
