"""Write docs/simulated.md: how far the simulator goes, endpoint by endpoint of the manifest. `--check` says whether the page is current."""

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

#: What differs from a real agent, by the beginning of an endpoint's id; the longest that fits counts.
_DIFFERS = {
    "acl.": "tokens are checked at once, never from a cache; auth methods and binding rules are kept and shown, and let nobody in",
    "acl.login": "no bearer token is signed with a known key; what is wrong with one before is told, of a method of type jwt",
    "acl.logout": "no token came by a login",
    "acl.legacy.": "",
    "acl.legacy.rules_translate": "comments behind values are not lined up; lists stay as they are written",
    "acl.templated_policy.": "",
    "agent.connect.ca_roots": "the certificate is always the same one, and nobody has its key",
    "connect.ca.roots": "the certificate is always the same one, and nobody has its key",
    "agent.connect.authorize": "the intentions are always the present ones, not those of a cache that is a moment behind",
    "agent.self": "DebugConfig has the members that programs look up; Stats leaves out most of the numbers",
    "agent.host": "it names a machine that is none",
    "agent.metrics": "there are none",
    "agent.members": "the agent alone, on the default ports",
    "agent.join": "the agent itself can be joined",
    "agent.leave": "it says so, and stays",
    "agent.force_leave": "it says so of itself, and does nothing",
    "agent.reload": "there is nothing to read again",
    "agent.token.update": "accepted; the agent needs no token",
    "agent.service.register": "a sidecar takes over the most usual members",
    "agent.check.register": "`ConsulAgent` runs no check: statuses are what the TTL calls say; `consulate dev` runs http, tcp, udp and "
    "script checks, and none with docker, grpc, h2ping",
    "agent.service.get": "the hash is another one",
    "catalog.connect": "virtual addresses are drawn in another order",
    "catalog.gateway_services": "destinations that service-defaults name are none of what a gateway serves",
    "catalog.datacenters": "there is this one; who asks for more than one consistency gets the refusal without the list behind it",
    "connect.intentions.": "1.8.7 keeps namespaces, which this does not; a permission's members of another type are left out",
    "config.": "the hash is another one; what routes, api-gateways, certificates and JWT providers say is kept as given, and so are the "
    "arguments of Envoy extensions; a filter of service-defaults knows no upstreams, destinations and rate limits",
    "coordinate.datacenters": "this server alone",
    "health.service": "with `index` or `cached`, since 1.10: the index is that of the service, not of the agent's stream, which also keeps "
    "what was registered under names that differ in case alone",
    "health.connect": "as health.service; virtual addresses are drawn in another order",
    "health.ingress": "gateways of config entries alone",
    "query.": "instances come in their order, not mixed; failover leads nowhere; nothing is answered from a cache; templates know "
    "variables and `match` alone, and answer 501 to what else their language has",
    "operator.": "one server, which stays; autopilot's configuration changes nothing",
    "operator.raft.transfer_leader": "",
    "operator.autopilot.state": "the server is well from the beginning, not after ten seconds",
    "operator.usage": "",
    "operator.utilization": "",
    "operator.keyring.": "there are no keys, as where gossip is not encrypted",
    "session.": "",
    "snapshot.": "the state inside is the simulator's own: it goes back into a simulator, and into no Consul",
    "kv.": "",
    "status.": "the one server, at 127.0.0.1:8300",
}

#: What is true of endpoints that are not simulated.
_WITHOUT = {
    "agent.metrics_stream": "it never ends in reality; who may not read it is refused as there",
    "agent.monitor": "it never ends in reality; who may not read it, and a level that there is not, are refused as there",
    "agent.connect.ca_leaf": "nobody has the key that it would be signed with",
}

#: Headers that an endpoint sends with a 404 without a body, and Go's router does not.
_KNOWING = ("x-consul-index", "x-consul-default-acl-policy")

_HEAD = """\
# What is simulated

How far the Consul in memory goes (`consulate.testing`, `consulate dev`), for each endpoint of the HTTP API. *Exact*: every answer was the
same as a real agent's in all requests that were drawn, but for ids, hashes, times and what Go calls a type without a name
(`scripts/differential`), and where endpoints are asked with what all share: namespaces, partitions, datacenters, waits, consistencies
(`tests/simulator/test_shared_parameters.py`, which names the few that it leaves out). *Approximate*: what differs is said. *Not simulated*:
it answers 501 and names the call; what a version does not have answers 404, as there. This page is written by
`python -m scripts.simulated` from the manifest of endpoints, `tests/spec/endpoints.json`, and from asking the simulator.
"""


def _rows() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((_ROOT / "tests" / "spec" / "endpoints.json").read_text())
    return rows


def _answers(row: dict[str, str], version: VersionName) -> bool:
    """Whether the simulator of a version knows an endpoint."""
    path = re.sub(r"\{[^}]*\}", "x", row["path"])
    simulator = Simulator(Settings(version=Version.parse(version), acls=True, management_token="m" * 36))
    answer = simulator.handle(Request(row["method"], path, (("token", "m" * 36),)), 0.0)
    known = not isinstance(answer, Response) or (answer.status not in (501, 405) and b"Invalid URL path" not in answer.body)
    return known and not (
        isinstance(answer, Response) and answer.status == 404 and not answer.body and not any(answer.headers.get(name) for name in _KNOWING)
    )


def _says_so(row: dict[str, str], version: VersionName) -> bool:
    """Whether it answers 501: what a version does not have, or is Consul Enterprise's alone, is not found."""
    path = re.sub(r"\{[^}]*\}", "x", row["path"])
    answer = Simulator(Settings(version=Version.parse(version))).handle(Request(row["method"], path), 0.0)
    return isinstance(answer, Response) and answer.status == 501


def level(row: dict[str, str]) -> tuple[str, str]:
    """How far the simulator goes, and what differs."""
    versions: tuple[VersionName, ...] = ("1.22.5", "1.8.7")
    if not any(_answers(row, version) for version in versions):
        return "not simulated", _WITHOUT.get(
            row["id"], "" if any(_says_so(row, version) for version in versions) else "neither version has it"
        )
    fitting = [prefix for prefix in _DIFFERS if row["id"].startswith(prefix)]
    differs = _DIFFERS[max(fitting, key=len)] if fitting else ""
    return ("approximate" if differs else "exact"), differs


def page() -> str:
    """The page."""
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
