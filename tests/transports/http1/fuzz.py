"""Compare the reader of usual answers with h11: `scripts/fuzz-http1 --answers 10000000`. Whatever the bytes, both must give the same.

An answer is one of the fault tables, or a usual one of an agent, with seeded edits, cut into seeded pieces. Its number and the seed give
the same answer again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from random import Random
from unittest import mock

from consul_proto.errors import RequestError
from consul_proto.message import Request, Response
from tests.transports.http1.edited_answers import SMALL, TELLING
from transports.http1 import usual
from transports.http1.client import HTTP1Connection

_GET = Request("GET", "/v1/kv/k")

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nVary: Accept-Encoding\r\nX-Consul-Index: 12\r\nX-Consul-Knownleader: true\r\n"
    b"X-Consul-Lastcontact: 0\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
)

#: Answers as agents give them: short bodies have a length, others are chunked.
USUAL = [
    _HEAD + b'Content-Length: 14\r\n\r\n[{"Key": "k"}]',
    _HEAD + b"Content-Length: 0\r\n\r\n",
    _HEAD + b'Transfer-Encoding: chunked\r\n\r\n7\r\n[{"Key"\r\n7\r\n: "k"}]\r\n0\r\n\r\n',
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    _HEAD.replace(b"200 OK", b"404 Not Found") + b"Content-Length: 0\r\n\r\n",
    _HEAD.replace(b"200 OK", b"500 Internal Server Error") + b"Content-Length: 17\r\n\r\nNo cluster leader",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (size, b"x" * size) for size in (1, 16, 300)) + b"0\r\n\r\n",
]


#: The limits of the size of a body.
_LIMITS = (None, 10, 300)

#: What the connection did: the answer, or the error, and after which piece; whether the connection can be used again.
Outcome = tuple[object, int, bool]


class OnlyH11(HTTP1Connection):
    """A connection whose answers are all read by h11."""

    def receive(self, data: bytes) -> Response | None:
        return self._reader().receive(data)


class Watched(HTTP1Connection):
    """A connection that knows whether it took the beginning of an answer for a usual one."""

    was_usual = has_room = False

    def room(self) -> memoryview | None:
        room = super().room()
        self.has_room = self.has_room or room is not None
        return room

    def receive(self, data: bytes) -> Response | None:
        try:
            return super().receive(data)
        finally:
            self.was_usual = self.was_usual or self._is_usual or self._usual is not None


def outcome(connection: HTTP1Connection, pieces: list[bytes]) -> Outcome:
    """Return what a connection makes of an answer that arrives in pieces."""
    connection.send(_GET)
    for number, piece in enumerate([*pieces, b""]):
        try:
            response, rest = deliver(connection, piece)
        except RequestError as error:
            return (type(error), str(error)), number, False
        if response is not None:
            return (response.status, response.headers, response.body), number, connection.reuse() and not rest
    raise AssertionError("neither an answer nor an error at the end")


def deliver(connection: HTTP1Connection, piece: bytes) -> tuple[Response | None, bytes]:
    """Give a piece to a connection, or write it to the room that the connection has. Return the answer, and what nobody has read."""
    if (room := connection.room()) is None:
        return connection.receive(piece), b""
    with room:
        count = min(len(piece), len(room))
        room[:count] = piece[:count]
    response = connection.fill(count)
    rest = piece[count:]
    return deliver(connection, rest) if rest and response is None else (response, rest)


@contextmanager
def small_rooms() -> Iterator[None]:
    """Let bodies be read to where they stay that are much smaller than those of which this is worth while."""
    with mock.patch.multiple(usual, _LARGE=4, _LARGEST=100):
        yield


def draw(random: Random) -> tuple[list[bytes], int | None]:
    """Return the pieces of an answer, and the limit of its body."""
    data = random.choice(USUAL if random.random() < 0.7 else SMALL)
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        at, length = random.randrange(len(data) + 1), random.choice((0, 0, 1, 1, 2, 8))
        by = random.choice(TELLING) if random.random() < 0.7 else random.randbytes(random.randrange(4))
        data = data[:at] + by + data[at + length :]
    if random.random() < 0.1:
        data = data[: random.randrange(len(data) + 1)]
    elif random.random() < 0.1:
        data += random.choice(USUAL)[: random.randrange(40)]
    # Half of the cuts leave the head in one piece: otherwise the answer is not usual.
    first = data.find(b"\r\n\r\n") + 4 if random.random() < 0.5 else 0
    cuts = sorted({random.randrange(min(first, len(data)), len(data) + 1) for _ in range(random.choice((0, 0, 1, 2, 5)))} - {0, len(data)})
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)] if data else []
    return pieces, random.choice(_LIMITS)


def run(answers: int, seed: int) -> tuple[list[str], Counter[str]]:
    """Compare this many answers. Return the differences, and how many answers were read by whom."""
    found: list[str] = []
    counted: Counter[str] = Counter()
    for number in range(answers):
        pieces, limit = draw(Random(f"{seed} {number}"))
        ours = Watched("consul:8500", response_size=limit)
        with small_rooms() if number % 2 else nullcontext():
            got = outcome(ours, pieces)
        counted["without h11" if ours._any is None else "by h11 after a usual beginning" if ours.was_usual else "h11"] += 1
        counted["read to where they stay"] += ours.has_room
        if not ours.was_usual:
            continue  # h11 had every byte, as it would have here
        expected = outcome(OnlyH11("consul:8500", response_size=limit), pieces)
        if got != expected:
            found.append(f"answer {number}, limit {limit}: {pieces}\n  {got}\n  h11: {expected}")
            if len(found) >= 10:
                break
    return found, counted


def main() -> int:
    """Run the comparison; 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    found, counted = run(options.answers, options.seed)
    print("\n".join(found))
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(counted.items()))
    print(f"seed {options.seed}: {options.answers:,} answers ({kinds}), {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
