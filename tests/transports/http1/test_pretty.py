"""`pretty` gives JSON to be read, byte for byte as Consul does."""

from __future__ import annotations

import json
import re

import pytest

from consul_proto.message import Headers, Response
from tests.agents import Binary, find_binaries, require_binary, start_agent, start_dev
from tests.cli.dev.raw import request
from transports.http1.pretty import prettify

#: Numbers that differ by nature: indexes, and where a server listens.
_INDEX = re.compile(rb'("(?:Create|Modify|Lock)Index": )\d+|127\.0\.0\.1:\d+')

_PATHS = (
    "kv/a?pretty",
    "kv/?keys&pretty",
    "catalog/services?pretty",
    "agent/checks?pretty",
    "agent/services?pretty",
    "status/leader?pretty=false",
)


@pytest.mark.real
@pytest.mark.parametrize("binary", [*find_binaries()] or [None], ids=lambda binary: "no Consul" if binary is None else binary.version)
def test_pretty_json_is_the_same_as_consuls(binary: Binary | None) -> None:
    binary = require_binary(binary)
    said = []
    with start_agent(binary, acls=False, unix_socket=False) as real, start_dev(binary.version, unix_socket=False) as simulated:
        for agent in (real, simulated):
            request(agent, "PUT", "/v1/kv/a", b'<"v">')
            request(agent, "PUT", "/v1/agent/service/register", json.dumps({"Name": 'a"b\\', "Tags": ["x, {y}: [z]"]}).encode())
            answers = [request(agent, "GET", f"/v1/{path}") for path in _PATHS]
            answers.append(request(agent, "PUT", "/v1/txn?pretty", b'[{"KV": {"Verb": "get", "Key": "none"}}]'))
            said.append([(status, _INDEX.sub(rb"\1", body)) for status, body in answers])
    assert said[1] == said[0]


@pytest.mark.parametrize("value", ['{"a":[],"b":{},"c":[1,{"d":"e\\\\\\"]"}],"f":1.50}', "[]", "null", '"x"', "[[1],[2,3]]"])
def test_pretty_json_has_the_same_value(value: str) -> None:
    laid_out = prettify(Response(200, Headers([("Content-Type", "application/json")]), value.encode())).body
    assert laid_out.decode() == json.dumps(json.loads(value), indent=4).replace("1.5", "1.50") + "\n"


def test_other_bodies_stay_as_they_are() -> None:
    answer = Response(200, Headers([("Content-Type", "text/plain")]), b"{}")
    assert prettify(answer) is answer
