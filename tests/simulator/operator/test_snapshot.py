"""Snapshots: the state of the servers is restored, and invalid archives are refused."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from hashlib import sha256

import pytest
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


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _broken() -> dict[str, tuple[bytes, str]]:
    """Archives that two real agents refused, with their words."""
    whole = _send(Simulator(), "GET", "/v1/snapshot").body
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(whole))) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}  # type: ignore[union-attr] # files
    crc, read = bytearray(whole), "failed to read snapshot file: "
    crc[-6] ^= 255
    integrity = f"{read}failed checking integrity of snapshot: "
    sums = files["SHA256SUMS"]
    return {
        "empty": (b"", "failed to decompress snapshot: EOF"),
        "short": (b"abc", "failed to decompress snapshot: unexpected EOF"),
        "no gzip": (b"this is no snapshot", "failed to decompress snapshot: gzip: invalid header"),
        "no tar": (gzip.compress(b"hello" * 300), f"{read}failed reading snapshot: archive/tar: invalid tar header"),
        "nothing": (gzip.compress(bytes(2048)), f'{integrity}file missing for "meta.json"'),
        "begun": (whole[:12], f"{read}failed reading snapshot: unexpected EOF"),
        "half": (whole[: len(whole) // 2], f"{read}failed to read or write snapshot data: unexpected EOF"),
        "cut off": (whole[:-1], "unexpected EOF"),
        "more": (whole + b"trailing", "unexpected EOF"),
        "checksum of gzip": (bytes(crc), "gzip: invalid checksum"),
        "altered state": (_packed({**files, "state.bin": b"{}"}), f'{integrity}hash check failed for "state.bin"'),
        "altered meta": (_packed({**files, "meta.json": b"{}"}), f'{integrity}hash check failed for "meta.json"'),
        "other file": (_packed({**files, "other": b"x"}), f'{read}unexpected file "other" in snapshot'),
        "no sums": (_packed({name: files[name] for name in ("meta.json", "state.bin")}), f'{integrity}file missing for "meta.json"'),
        "one sum": (_packed({**files, "SHA256SUMS": sums.splitlines(True)[0]}), f'{integrity}file missing for "state.bin"'),
        "more sums": (_packed({**files, "SHA256SUMS": sums + b"00  nothing\n"}), f'{integrity}list missing hash for "nothing"'),
    }


@pytest.mark.parametrize("name", _broken())
def test_what_is_wrong_with_an_archive(name: str) -> None:
    data, says = _broken()[name]
    answer = _send(Simulator(), "PUT", "/v1/snapshot", data)
    assert (answer.status, answer.body.decode()) == (500, says)
