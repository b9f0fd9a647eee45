"""Snapshots: the state of the servers is restored, and invalid archives are refused."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from consul_proto.message import Request, Response
from consul_proto.simulator import Settings, Simulator


def _send(simulator: Simulator, method: str, path: str, body: bytes | None = None, **query: str) -> Response:
    answer = simulator.handle(Request(method, path, tuple(query.items()), body=body), 10.0)
    assert isinstance(answer, Response)
    return answer


def test_the_archive_can_be_read_by_other_programs() -> None:
    simulator = Simulator(Settings(seed=1))
    _send(simulator, "PUT", "/v1/kv/a", b"b")
    answer = _send(simulator, "GET", "/v1/snapshot")
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(answer.body))) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}  # type: ignore[union-attr] # files
    assert [line.split() for line in files["SHA256SUMS"].decode().splitlines()] == [
        [sha256(files[name]).hexdigest(), name] for name in ("meta.json", "state.bin")
    ]
    meta = json.loads(files["meta.json"])
    assert (str(meta["Index"]), meta["Size"]) == (answer.headers.get("x-consul-index"), len(files["state.bin"]))


def test_a_snapshot_restores_the_state() -> None:
    simulator = Simulator()
    _send(simulator, "PUT", "/v1/kv/a", b"old")
    _send(simulator, "PUT", "/v1/config", b'{"Kind": "service-defaults", "Name": "web", "Protocol": "http"}')
    archive = _send(simulator, "GET", "/v1/snapshot").body
    _send(simulator, "PUT", "/v1/kv/a", b"new")
    _send(simulator, "DELETE", "/v1/config/service-defaults/web")
    _send(simulator, "PUT", "/v1/agent/service/register", b'{"Name": "stays"}')
    assert _send(simulator, "PUT", "/v1/snapshot", archive).status == 200
    assert _send(simulator, "GET", "/v1/kv/a", raw="").body == b"old"
    assert json.loads(_send(simulator, "GET", "/v1/config/service-defaults/web").body)["Protocol"] == "http"
    assert "stays" in json.loads(_send(simulator, "GET", "/v1/agent/services").body), "it is the agent's own"


def test_another_agent_restores_a_snapshot() -> None:
    one, other = Simulator(Settings(node="one")), Simulator(Settings(node="two"))
    _send(one, "PUT", "/v1/kv/a", bytes(range(256)))
    assert _send(other, "PUT", "/v1/snapshot", _send(one, "GET", "/v1/snapshot").body).status == 200
    assert _send(other, "GET", "/v1/kv/a", raw="").body == bytes(range(256))


@given(st.binary() | st.binary().map(gzip.compress) | st.binary(min_size=512).map(lambda data: gzip.compress(b"state.bin" + data)))
def test_an_invalid_archive_is_refused_and_changes_nothing(data: bytes) -> None:
    simulator = Simulator()
    _send(simulator, "PUT", "/v1/kv/a", b"b")
    before = simulator.dump()
    assert _send(simulator, "PUT", "/v1/snapshot", data).status == 500
    assert simulator.dump() == before
