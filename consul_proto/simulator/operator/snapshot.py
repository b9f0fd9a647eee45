"""Snapshots of the state of the servers: `/v1/snapshot`.

https://developer.hashicorp.com/consul/api-docs/snapshot. The archive has the format that Consul's command line checks, but the state in it
is the simulator's own: only a simulator can restore it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from consul_proto.simulator.engine.answers import Refusal, WriteAnswer, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_X

#: zlib's window bits for gzip.
_GZIP = 31

#: The most bytes of an unpacked archive.
_LARGEST = 1 << 28

#: The bytes of a block in a tar archive, and of the head of a gzip file.
_BLOCK, _GZIP_HEAD = 512, 10

#: The files of an archive that have a checksum, and the file with the checksums.
_NAMES, _SUMS = ("meta.json", "state.bin"), "SHA256SUMS"

#: How refusals of a broken archive begin.
_READ = "failed to read snapshot file: "
_INTEGRITY = f"{_READ}failed checking integrity of snapshot: "


class SnapshotEndpoint:
    """The endpoint. take: returns the state as JSON. restore: loads a state, at a time."""

    def __init__(self, store: Store, settings: Settings, take: Callable[[], Any], restore: Callable[[Any, float], None]) -> None:
        self._store, self._settings, self._take, self._restore = store, settings, take, restore

    def routes(self) -> dict[str, Route]:
        """Return the endpoint."""
        return {"/v1/snapshot": Route(("GET", "PUT"), write=self._answer)}

    def _answer(self, request: ServerRequest, now: float) -> WriteAnswer:
        request.reach_servers()
        request.require("acl", "", "write")
        if request.method == "GET":
            backend = () if self._settings.version < V1_X else (("X-Consul-Query-Backend", "blocking-query"),)
            headers = (("X-Consul-Index", str(self._store.index)), *server_headers(), *backend)
            return WriteAnswer(self._archive(), kind="application/x-gzip", headers=headers)
        try:
            self._restore(json.loads(_files(request.body)["state.bin"]), now)
        except (KeyError, TypeError, ValueError, UnicodeDecodeError):
            raise Refusal(500, f"{_READ}it is not a snapshot of a simulator") from None
        return WriteAnswer(b"", kind="" if self._settings.version < V1_X else "application/octet-stream")

    def _archive(self) -> bytes:
        state = json.dumps(self._take()).encode()
        server = {"Suffrage": 0, "ID": self._settings.node_id, "Address": "127.0.0.1:8300"}
        meta = {
            "Version": 1,
            "ID": f"2-{self._store.index}-0",
            "Index": self._store.index,
            "Term": 2,
            "Peers": "",
            "Configuration": {"Servers": [server]},
            "ConfigurationIndex": 1,
            "Size": len(state),
        }
        files = {"meta.json": json.dumps(meta).encode() + b"\n", "state.bin": state}
        files[_SUMS] = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in files.items()).encode()
        packed = b"".join(_entry(name, data) for name, data in files.items()) + bytes(2 * _BLOCK)
        compressor = zlib.compressobj(wbits=_GZIP)
        return compressor.compress(packed) + compressor.flush()


def _entry(name: str, data: bytes) -> bytes:
    """Return a file of a tar archive (POSIX.1-1988, ustar)."""
    before = name.encode().ljust(100, b"\0") + b"0000600\0" + b"0000000\0" * 2 + b"%011o\0" % len(data) + b"%011o\0" % 0
    behind = (b"0" + bytes(100) + b"ustar\x0000").ljust(_BLOCK - len(before) - 8, b"\0")
    total = sum(before) + sum(behind) + 8 * ord(" ")
    return before + b"%06o\0 " % total + behind + data + bytes(-len(data) % _BLOCK)


def _files(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive, in which nothing was altered. Raises Refusal, in the words of real agents."""
    if not archive:
        raise Refusal(500, "failed to decompress snapshot: EOF")
    inflate = zlib.decompressobj(_GZIP)
    try:
        packed = inflate.decompress(archive, _LARGEST)
    except zlib.error as error:
        raise Refusal(500, _why(str(error), len(archive))) from None
    files = _unpacked(packed, is_whole=inflate.eof)
    _check_sums(files)
    if not inflate.eof or inflate.unused_data:
        raise Refusal(500, "unexpected EOF")
    return files


def _why(error: str, size: int) -> str:
    """Return how a real agent says that an archive cannot be unpacked. error: what zlib says."""
    if "header check" in error:
        return f"failed to decompress snapshot: {'unexpected EOF' if size < _GZIP_HEAD else 'gzip: invalid header'}"
    return "gzip: invalid checksum" if "data check" in error else f"{_READ}failed reading snapshot: flate: corrupt input"


def _unpacked(packed: bytes, *, is_whole: bool) -> dict[str, bytes]:
    """Return the files of a tar archive. is_whole: whether it has its end."""
    files, place = {}, 0
    while place < len(packed) and (head := packed[place : place + _BLOCK]).strip(b"\0"):
        if len(head) < _BLOCK:
            raise Refusal(500, f"{_READ}failed reading snapshot: unexpected EOF")
        try:
            name, size = head[:100].rstrip(b"\0").decode(), int(head[124:136].rstrip(b"\0 ") or b"0", 8)
        except ValueError:
            raise Refusal(500, f"{_READ}failed reading snapshot: archive/tar: invalid tar header") from None
        if name not in (*_NAMES, _SUMS):
            raise Refusal(500, f'{_READ}unexpected file "{name}" in snapshot')
        files[name] = packed[place + _BLOCK : place + _BLOCK + size]
        if len(files[name]) < size:
            raise Refusal(500, f"{_READ}failed to read or write snapshot data: unexpected EOF")
        place += _BLOCK + size + -size % _BLOCK
    if not is_whole and place >= len(packed):
        raise Refusal(500, f"{_READ}failed reading snapshot: unexpected EOF")
    return files


def _check_sums(files: dict[str, bytes]) -> None:
    """Refuse files whose checksums are missing or wrong."""
    missing = list(_NAMES)
    for line in files.get(_SUMS, b"").decode("utf-8", "replace").splitlines():
        known, _, name = line.partition("  ")
        if name not in missing:
            raise Refusal(500, f'{_INTEGRITY}list missing hash for "{name}"')
        if sha256(files.get(name, b"")).hexdigest() != known:
            raise Refusal(500, f'{_INTEGRITY}hash check failed for "{name}"')
        missing.remove(name)
    if missing:
        raise Refusal(500, f'{_INTEGRITY}file missing for "{missing[0]}"')
