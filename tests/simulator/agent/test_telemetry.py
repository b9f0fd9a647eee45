"""The log and the metrics of a simulated agent, and what nobody may find in them."""

from __future__ import annotations

import gc
import json

import pytest

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import OpenResponse, Settings, Simulator
from consul_proto.simulator.engine.versions import V1_8

_TOKEN = "11111111-2222-3333-4444-555555555555"


def _open(simulator: Simulator, path: str, now: float = 1.0, **query: str) -> OpenResponse:
    answer = simulator.handle(Request("GET", path, tuple(query.items())), now)
    assert isinstance(answer, OpenResponse)
    assert answer.body == b""
    return answer


def _lines(answer: OpenResponse) -> list[str]:
    return answer.feed.take().decode().splitlines()


def test_a_line_for_each_request() -> None:
    simulator = Simulator()
    log, errors = _open(simulator, "/v1/agent/monitor", loglevel="debug"), _open(simulator, "/v1/agent/monitor")
    assert (log.status, log.headers.get("vary"), log.headers.get("content-length")) == (200, "Accept-Encoding", None)
    simulator.handle(Request("GET", "/v1/kv/a", (("raw", None), ("dc", "dc1"))), 2.0)
    simulator.handle(Request("PUT", "/v1/session/destroy/x"), 2.0)
    simulator.handle(Request("GET", "/v1/nothing"), 3.0)
    about = "method=GET url=/v1/kv/a?raw=&dc=dc1 from=127.0.0.1:0"
    lines = _lines(log)
    assert lines[0] == f"1970-01-01T00:00:02Z [DEBUG] agent.http: Request finished: {about} latency=0s"
    assert [line.split()[1] for line in lines] == ["[DEBUG]", "[DEBUG]", "[ERROR]", "[DEBUG]"]
    assert _lines(errors) == [lines[2]]
    assert 'error="Invalid URL path: ' in lines[2]
    assert _lines(log) == []


def test_lines_as_json() -> None:
    simulator = Simulator()
    log = _open(simulator, "/v1/agent/monitor", loglevel="debug", logjson="")
    simulator.handle(Request("GET", "/v1/status/leader"), 2.5)
    assert json.loads(*_lines(log)) == {
        "@level": "debug",
        "@message": "Request finished",
        "@module": "agent.http",
        "@timestamp": "1970-01-01T00:00:02.5Z",
        "method": "GET",
        "url": "/v1/status/leader",
        "from": "127.0.0.1:0",
        "latency": "0s",
    }


def test_no_line_has_a_token() -> None:
    simulator = Simulator(Settings(version=V1_8, acls=True, management_token=_TOKEN))
    log = simulator.handle(Request("GET", "/v1/agent/monitor", (("loglevel", "trace"), ("token", _TOKEN))), 1.0)
    assert isinstance(log, OpenResponse)
    simulator.handle(Request("GET", "/v1/kv/a", (("token", _TOKEN),)), 2.0)
    simulator.handle(Request("GET", f"/v1/acl/info/{_TOKEN}", (), Headers([("X-Consul-Token", _TOKEN)])), 2.0)
    lines = _lines(log)
    assert [line.partition("url=")[2].split()[0] for line in lines] == ["/v1/kv/a?token=<hidden>", "/v1/acl/info/<hidden>"]
    assert _TOKEN not in "".join(lines)


def test_metrics_of_each_interval() -> None:
    simulator = Simulator()
    metrics = _open(simulator, "/v1/agent/metrics/stream", 3.0)
    assert simulator.next_deadline() == 10.0
    simulator.handle(Request("GET", "/v1/status/leader"), 4.0)
    simulator.handle(Request("PUT", "/v1/kv/a", body=b"v"), 9.9)
    assert not metrics.feed.is_ready
    later = _open(simulator, "/v1/agent/metrics/stream", 9.95)
    simulator.advance(25.0)
    decoder = json.JSONDecoder()
    text = metrics.feed.take().decode()
    first, end = decoder.raw_decode(text)
    assert first["Timestamp"] == "1970-01-01 00:00:00 +0000 UTC"
    assert [(sample["Labels"], sample["Count"]) for sample in first["Samples"]] == [({"method": "GET"}, 1), ({"method": "PUT"}, 1)]
    second = json.loads(text[end:])
    assert (second["Timestamp"], second["Samples"]) == ("1970-01-01 00:00:10 +0000 UTC", [])
    assert later.feed.take().decode() == text


def test_a_stream_that_nobody_holds_costs_nothing() -> None:
    simulator = Simulator()
    _open(simulator, "/v1/agent/metrics/stream")
    _open(simulator, "/v1/agent/monitor", loglevel="debug")
    gc.collect()
    assert simulator.next_deadline() is None


def test_what_nobody_reads_is_dropped() -> None:
    simulator = Simulator()
    log = _open(simulator, "/v1/agent/monitor", loglevel="debug")
    for _ in range(600):
        simulator.handle(Request("GET", "/v1/status/leader"), 2.0)
    assert len(_lines(log)) == 512
    simulator.handle(Request("GET", "/v1/status/leader"), 2.0)
    assert len(_lines(log)) == 1


def test_who_waits_is_woken() -> None:
    simulator = Simulator()
    log = _open(simulator, "/v1/agent/monitor", loglevel="debug")
    woken: list[bool] = []
    log.feed.wake = lambda: woken.append(log.feed.is_ready)
    simulator.handle(Request("GET", "/v1/status/leader"), 2.0)
    assert woken == [True]


@pytest.mark.parametrize("level", ["TRACE", "debug", "Info", "warn", "err", "error", ""])
def test_levels(level: str) -> None:
    _open(Simulator(), "/v1/agent/monitor", loglevel=level)


def test_1_8_has_no_stream_of_metrics() -> None:
    answer = Simulator(Settings(version=V1_8)).handle(Request("GET", "/v1/agent/metrics/stream"), 1.0)
    assert isinstance(answer, Response)
    assert answer.status == 404
