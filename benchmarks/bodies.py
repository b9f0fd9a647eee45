"""The bodies that the canned server answers with, as an agent writes them: JSON without white space, outside of development mode."""

from __future__ import annotations

import base64
import json

#: The key, and its value, that every worker reads and writes.
KEY = "bench/key"
VALUE = "v" * 40


def _written(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _pair(key: str, value: str, index: int) -> dict[str, object]:
    encoded = base64.b64encode(value.encode()).decode()
    return {"LockIndex": 0, "Key": key, "Flags": 0, "Value": encoded, "CreateIndex": index, "ModifyIndex": index + 2}


def one_key() -> bytes:
    """Return the answer to a read of one key."""
    return _written([_pair(KEY, VALUE, 10)])


def keys(number: int) -> bytes:
    """Return the answer to a read by prefix."""
    return _written([_pair(f"bench/{number}/{place:07}", f"{place:040}", 100 + place) for place in range(number)])


def _check(place: int, check_id: str, name: str, output: str, service: str) -> dict[str, object]:
    return {
        "Node": f"node-{place}",
        "CheckID": check_id,
        "Name": name,
        "Status": "passing",
        "Notes": "",
        "Output": output,
        "ServiceID": f"{service}-{place}" if service else "",
        "ServiceName": service,
        "ServiceTags": ["v1", "primary"] if service else [],
        "Type": "ttl" if service else "",
        "Interval": "",
        "Timeout": "",
        "ExposedPort": 0,
        "Definition": {},
        "CreateIndex": 20 + place,
        "ModifyIndex": 20 + place,
    }


def _instance(place: int) -> dict[str, object]:
    address = f"10.0.{place // 250}.{place % 250}"
    tagged = {"Address": address, "Port": 8080}
    return {
        "Node": {
            "ID": f"de6f7d41-4f77-35fd-c10b-{place:012x}",
            "Node": f"node-{place}",
            "Address": address,
            "Datacenter": "dc1",
            "TaggedAddresses": {"lan": address, "lan_ipv4": address, "wan": address, "wan_ipv4": address},
            "Meta": {"consul-network-segment": "", "consul-version": "1.22.5"},
            "CreateIndex": 20 + place,
            "ModifyIndex": 20 + place,
        },
        "Service": {
            "ID": f"web-{place}",
            "Service": "web",
            "Tags": ["v1", "primary"],
            "Address": address,
            "TaggedAddresses": {"lan_ipv4": tagged, "wan_ipv4": tagged},
            "Meta": {"version": "1.2.3"},
            "Port": 8080,
            "Weights": {"Passing": 1, "Warning": 1},
            "EnableTagOverride": False,
            "Proxy": {"Mode": "", "MeshGateway": {}, "Expose": {}},
            "Connect": {},
            "PeerName": "",
            "CreateIndex": 20 + place,
            "ModifyIndex": 20 + place,
        },
        "Checks": [
            _check(place, "serfHealth", "Serf Health Status", "Agent alive and reachable", ""),
            _check(place, f"service:web-{place}", "Service 'web' check", "", "web"),
        ],
    }


def instances(number: int) -> bytes:
    """Return the answer about the health of a service."""
    return _written([_instance(place) for place in range(number)])
