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
    "acl.": "tokens are never cached; auth methods and binding rules are stored and shown, but nobody can log in",
    "acl.login": "every login fails, since no key is known; for a method of type jwt, errors before the signature are the real ones",
    "acl.logout": "every logout fails, since no token came from a login",
    "acl.legacy.": "",
    "acl.legacy.rules_translate": "comments after values are not aligned; lists are not formatted",
    "acl.templated_policy.": "",
    "agent.connect.ca_roots": "the certificate is always the same one, and its key does not exist",
    "connect.ca.roots": "the certificate is always the same one, and its key does not exist",
    "agent.connect.authorize": "intentions are always current; a real agent's cache can be a moment behind",
    "agent.self": "DebugConfig has the members that programs look up; Stats leaves out most of the numbers",
    "agent.host": "only names; there is no machine to describe",
    "agent.metrics": "there are none",
    "agent.members": "only the agent itself, on the default ports",
    "agent.join": "the agent can only join itself",
    "agent.leave": "accepted, but the agent stays",
    "agent.force_leave": "accepted for the agent itself, without effect",
    "agent.reload": "accepted; there is nothing to reload; a real agent without a data directory also forgets its services and checks",
    "agent.token.update": "accepted; the agent needs no token",
    "agent.service.register": "a sidecar inherits only the most usual members",
    "agent.check.register": "`ConsulAgent` runs no checks: TTL calls set the status; `consulate dev` runs http, tcp, udp and "
    "script checks, but not docker, grpc and h2ping",
    "agent.service.get": "the hash has another value",
    "catalog.connect": "virtual addresses are assigned in another order",
    "catalog.gateway_services": "destinations in service-defaults are not among the services of a gateway",
    "catalog.datacenters": "only this one; more than one consistency mode is refused without the list after the error",
    "connect.intentions.": "1.8.7 stores other namespaces, the simulator does not; members of the wrong type in a permission are left out",
    "config.": "the hash has another value; routes, api-gateways, certificates, JWT providers and the arguments of Envoy extensions are "
    "stored unchecked; a filter of service-defaults does not support upstreams, destinations and rate limits",
    "coordinate.datacenters": "only this server",
    "health.service": "with `index` or `cached`, since 1.10: the index is that of the service, not of the agent's stream, which also has "
    "services whose names differ only in case",
    "health.connect": "like health.service; virtual addresses are assigned in another order",
    "health.ingress": "only gateways from config entries",
    "query.": "instances come in order, not shuffled; failover finds nothing; nothing is cached; templates support "
    "variables and `match`, and answer 501 to the rest of their language",
    "operator.": "one server that never changes; autopilot's configuration has no effect",
    "operator.raft.transfer_leader": "",
    "operator.autopilot.state": "the server is healthy at once, not after ten seconds",
    "operator.usage": "",
    "operator.utilization": "",
    "operator.keyring.": "there are no keys, as if gossip were not encrypted",
    "session.": "",
    "snapshot.": "the archive contains the simulator's own state: only a simulator can restore it",
    "kv.": "",
    "status.": "the one server, at 127.0.0.1:8300",
}

#: Notes on endpoints that are not simulated.
_WITHOUT = {
    "agent.metrics_stream": "the real stream never ends; a token without the right is refused as by a real agent",
    "agent.monitor": "the real stream never ends; a token without the right and an unknown log level are refused as by a real agent",
    "agent.connect.ca_leaf": "the key that would sign it does not exist",
}

#: Headers of an endpoint's own 404 without a body; Go's router does not send them.
_OWN_HEADERS = ("x-consul-index", "x-consul-default-acl-policy")

_HEAD = """\
# What is simulated

How exactly the Consul in memory (`consulate.testing`, `consulate dev`) simulates each endpoint of the HTTP API. *Exact*: in all random
requests of `scripts/differential`, every answer was that of a real agent, except for ids, hashes, times and Go's names of anonymous types.
The same holds for the parameters that endpoints share: namespaces, partitions, datacenters, waits and consistency modes
(`tests/simulator/engine/test_shared_parameters.py`, which lists a few exceptions). *Approximate*: the last column says what differs.
*Not simulated*: the endpoint answers 501 and names the call; an endpoint that a version does not have answers 404, as in a real agent.
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
