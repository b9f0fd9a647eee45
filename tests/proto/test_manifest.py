"""The calls and the manifest agree in both directions: each row has a call, each call a row, and each parameter of a row is reached."""

from __future__ import annotations

import re
from inspect import signature
from typing import Any

import pytest

from consul_proto.arguments import keywords
from tests.proto.manifest import CALLS, OPTION_NAMES, ROWS, Call

#: Query parameter -> why no call takes it. "row name" is of one row, "name" of every row.
_NOT_IN_QUERIES = {
    "kv.get raw": "values are decoded here; `kv.get(raw=True)` returns the bytes",
    "kv.get recurse": "`kv.find`, `kv.items`, `kv.records` and others read a prefix",
    "kv.get keys": "`kv.keys` lists the names",
    "kv.delete recurse": "`kv.delete(recurse=True)` sends it",
    "agent.metrics format": "the call reads the JSON form; Prometheus reads its own form itself",
    "connect.ca.roots pem": "`connect.ca.roots_pem` sends it",
    "operator.license.get signed": "`license.signed` sends it, and returns the text",
    "agent.service.health_by_id format": "`health_by_id` reads the JSON form, which has the text's word as AggregatedStatus",
    "agent.service.health_by_name format": "as health_by_id",
}

#: Member of a body -> the parameter, where it is not the same name in snake_case. "row member" is of one row, "member" of every row.
_MEMBER_PARAMETERS = {
    "agent.service.register ID": "service_id",
    "agent.check.register ID": "check_id",
    "agent.check.register ScriptArgs": "args",
    "agent.check.register H2PING": "h2ping",
    "agent.check.register H2PingUseTLS": "h2ping_use_tls",
    "catalog.register ID": "node_id",
    "session.create LockDelay": "delay",
    "acl.legacy.create ID": "acl_id",
    "acl.legacy.create Type": "acl_type",
    "acl.legacy.update ID": "acl_id",
    "acl.legacy.update Type": "acl_type",
    "acl.policy.update ID": "policy_id",
    "acl.role.update ID": "role_id",
    "config.apply Kind": "entry",
    "config.apply Name": "entry",
    "config.apply *": "entry",
    "txn []": "operations",
    "operator.area.join []": "addresses",
    "operator.audit_hash Input": "text",
    "internal.acl_authorize []": "requests",
    "internal.service_virtual_ip ManualVIPs": "manual_vips",
    "namespace.create ACLs": "acls",
    "namespace.update ACLs": "acls",
}

#: Member of a body -> why no call takes it.
_NOT_IN_BODIES = {
    "acl.policy.create ID": "Consul refuses it",
    "acl.role.create ID": "Consul refuses it",
    "catalog.deregister Address": "Consul ignores it",
    "namespace.update Name": "only the name in the path would be accepted",
    "partition.update Name": "only the name in the path would be accepted",
}


def _by_row() -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in CALLS:
        found.setdefault(call.row["id"], []).append(call)
    return found


_BY_ROW = _by_row()


def _parameters(row: str) -> set[str]:
    calls = _BY_ROW.get(row, [])
    return {name for call in calls for name in {*signature(call.definition.build).parameters, *(keywords(call.definition.build) or ())}}


def snake_case(member: str) -> str:
    """Return the parameter's name for a member: "NodeMeta" is "node_meta", "UseTLS" is "use_tls"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", member).lower()


def _for_row(table: dict[str, str], row: str, name: str) -> str | None:
    return table.get(f"{row} {name}", table.get(name))


def test_each_row_has_a_call() -> None:
    assert sorted(_BY_ROW) == sorted(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: str(row["id"]))
def test_each_query_parameter_is_reached(row: dict[str, Any]) -> None:
    taken = _parameters(row["id"])
    missing = [
        parameter["name"]
        for parameter in row["query"]
        if OPTION_NAMES.get(parameter["name"], parameter["name"].replace("-", "_")) not in taken
    ]
    assert [name for name in missing if not _for_row(_NOT_IN_QUERIES, row["id"], name)] == []


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row["body"]], ids=lambda row: str(row["id"]))
def test_each_member_of_a_body_is_reached(row: dict[str, Any]) -> None:
    taken = _parameters(row["id"])
    missing = [
        member["name"]
        for member in row["body"].get("fields", ())
        if (_for_row(_MEMBER_PARAMETERS, row["id"], member["name"]) or snake_case(member["name"])) not in taken
    ]
    assert [name for name in missing if not _for_row(_NOT_IN_BODIES, row["id"], name)] == []


def test_each_exception_is_of_a_row() -> None:
    for table in (_NOT_IN_QUERIES, _MEMBER_PARAMETERS, _NOT_IN_BODIES):
        for name in table:
            row, _, _parameter = name.rpartition(" ")
            assert not row or row in ROWS
