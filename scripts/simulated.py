"""Write docs/simulated.md: how exactly each endpoint is simulated. With `--check`, only test whether the page is current."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from consul_proto.message import Request, Response
from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.engine.versions import Version, VersionName

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "simulated.md"

#: What differs from a real agent, by the beginning of an endpoint's id; the longest match counts.
_DIFFERS = {
    "acl.": "tokens are never cached; auth methods and binding rules are stored and returned, but every login fails",
    "acl.login": "every login fails; for an auth method of type jwt, errors before the signature check are as in a real agent",
    "acl.logout": "every logout fails, since no token comes from a login",
    "acl.legacy.": "",
    "acl.legacy.rules_translate": "comments after values are not aligned; lists are not formatted",
    "acl.templated_policy.": "",
    "agent.connect.ca_roots": "always the same certificate, without a private key",
    "connect.ca.roots": "always the same certificate, without a private key",
    "agent.connect.authorize": "intentions are always current, while a real agent's cache can be out of date for a moment",
    "agent.self": "DebugConfig has only the fields that programs commonly read; Stats lacks most of the numbers",
    "agent.host": "the name and the id of the node; no data about CPU, memory and disks",
    "agent.metrics": "the lists of metrics are empty",
    "agent.metrics_stream": "it counts requests, and has no other metrics; an interval is 10 seconds of the agent's clock",
    "agent.monitor": "the log has a line for each request, and nothing else",
    "agent.members": "only the agent itself, on the default ports",
    "agent.join": "the agent can only join itself",
    "agent.leave": "accepted, but the agent stays",
    "agent.force_leave": "accepted for the agent itself, without effect",
    "agent.reload": "accepted, but there is nothing to reload; a real agent without a data directory also forgets its services and checks",
    "agent.token.update": "accepted, without effect",
    "agent.service.register": "a proxy does not get what proxy-defaults and service-defaults say about it",
    "agent.check.register": "`ConsulAgent` runs no checks, but the calls for TTL checks set the status; `consulate dev` runs http, tcp, "
    "udp and script checks, but not docker, grpc and h2ping",
    "agent.service.get": "the content hash has another value",
    "catalog.connect": "virtual addresses are assigned in another order",
    "catalog.gateway_services": "the services of a gateway do not include destinations in service-defaults",
    "catalog.datacenters": "only the agent's own datacenter; for two consistency modes in one request, the answer is only the error, "
    "while a real agent adds the list after it",
    "connect.intentions.": "1.8.7 stores other namespaces, the simulator does not; fields of the wrong type in a permission are left out",
    "config.": "the hash has another value; routes, api-gateways, certificates, JWT providers and the arguments of Envoy extensions are "
    "stored without validation; the filter for service-defaults does not support upstreams, destinations and rate limits",
    "coordinate.datacenters": "only the one server",
    "health.service": "since 1.10, with `index` or `cached`: a real agent answers from its event stream, with the stream's index, and can "
    "include nodes whose names differ only in case; the simulator answers from the catalog, with the index of the service",
    "health.connect": "like health.service; virtual addresses are assigned in another order",
    "health.ingress": "only gateways that config entries define",
    "query.": "instances are sorted, not shuffled; failover finds nothing; nothing is cached; templates support variables and "
    "`match`, and the rest of the template language gets a 501",
    "operator.": "one server that never changes; autopilot's configuration has no effect",
    "operator.raft.transfer_leader": "",
    "operator.autopilot.state": "the server is healthy at once, not after ten seconds",
    "operator.usage": "",
    "operator.utilization": "",
    "operator.keyring.": "there are no keys, as in an agent without gossip encryption",
    "session.": "",
    "snapshot.": "the archive contains the simulator's own state: only a simulator can restore it",
    "kv.": "",
    "status.": "one server, at 127.0.0.1:8300",
}

#: Notes on endpoints that are not simulated.
_WITHOUT = {
    "agent.connect.ca_leaf": "there is no private key to sign a certificate",
}

#: Headers of an endpoint's own 404 without a body; Go's router does not send them.
_OWN_HEADERS = ("x-consul-index", "x-consul-default-acl-policy")

_HEAD = """\
# What is simulated

This page says how exactly the simulated Consul (`consulate.testing`, `consulate dev`) simulates each endpoint of the HTTP API.

- *Exact*: `scripts/differential` sends the same random requests to the simulator and to real agents, and every answer was the same. Ids,
  hashes, times, and the names that Go gives to anonymous types in its error texts may differ. The parameters that many endpoints have
  (namespaces, partitions, datacenters, waits and consistency modes) are exact too. `tests/simulator/engine/test_shared_parameters.py`
  tests them, and lists a few exceptions.
- *Approximate*: the last column says what differs.
- *Not simulated*: the endpoint answers 501 and names the call. An endpoint that a version does not have answers 404, as in a real agent.

`python -m scripts.simulated` generates this page from `tests/spec/endpoints.json` and from the simulator's answers.
"""


def _rows() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((_ROOT / "tests" / "spec" / "endpoints.json").read_text())
    return rows


def _answers(row: dict[str, str], version: VersionName) -> bool:
    """Return whether the simulator of a version has an endpoint."""
    path = re.sub(r"\{[^}]*\}", "x", row["path"])
    simulator = Simulator(Settings(version=Version.parse(version), acls=True, management_token="m" * 36))
    answer = simulator.handle(Request(row["method"], path, (("token", "m" * 36),)), 0.0)
    known = not isinstance(answer, Response) or (answer.status not in (501, 405) and b"Invalid URL path" not in answer.body)
    return known and not (
        isinstance(answer, Response)
        and answer.status == 404
        and not answer.body
        and not any(answer.headers.get(name) for name in _OWN_HEADERS)
    )


def _answers_501(row: dict[str, str], version: VersionName) -> bool:
    """Return whether it answers 501. Endpoints that a version does not have, or only Consul Enterprise has, answer 404."""
    path = re.sub(r"\{[^}]*\}", "x", row["path"])
    answer = Simulator(Settings(version=Version.parse(version))).handle(Request(row["method"], path), 0.0)
    return isinstance(answer, Response) and answer.status == 501


def level(row: dict[str, str]) -> tuple[str, str]:
    """Return how exactly the simulator has an endpoint, and what differs."""
    versions: tuple[VersionName, ...] = ("1.22.5", "1.8.7")
    if not any(_answers(row, version) for version in versions):
        return "not simulated", _WITHOUT.get(
            row["id"], "" if any(_answers_501(row, version) for version in versions) else "neither version has it"
        )
    fitting = [prefix for prefix in _DIFFERS if row["id"].startswith(prefix)]
    differs = _DIFFERS[max(fitting, key=len)] if fitting else ""
    return ("approximate" if differs else "exact"), differs


def page() -> str:
    """Return the page."""
    lines = [_HEAD, "| endpoint | call | simulated | what differs |", "|---|---|---|---|"]
    counted = {"exact": 0, "approximate": 0, "not simulated": 0}
    for row in _rows():
        how, differs = level(row)
        counted[how] += 1
        lines.append(f"| {row['id']} | `{row['method']} {row['path']}` | {how} | {differs} |")
    return "\n".join([*lines, "", "; ".join(f"{count} {how}" for how, count in counted.items()) + ".", ""])


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(_PAGE.read_text() != page())
    _PAGE.write_text(page())
