"""Answers for tests with arbitrary bytes: those of the fault table, edited and cut at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fakes.faults import FAULTS, ODD_BUT_GOOD
from tests.fakes.raw_server import Send


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return the data, cut at these places, without empty pieces."""
    if not data:
        return []
    at = sorted({cut % len(data) for cut in cuts} - {0})
    return [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]


#: The bytes of every answer in the fault tables.
_ANSWERS = [
    b"".join(step.data for step in script if isinstance(step, Send))
    for script in (*FAULTS.values(), *ODD_BUT_GOOD.values())
    if any(isinstance(step, Send) for step in script)
]
SMALL = [data for data in _ANSWERS if len(data) < 2000]


@dataclass(frozen=True)
class Edit:
    """Replace a piece of an answer."""

    at: int
    length: int
    by: bytes

    def of(self, data: bytes) -> bytes:
        at = self.at % (len(data) + 1)
        return data[:at] + self.by + data[at + self.length :]


TELLING = [b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b":", b" ", b"\0", b"\xff", b"0", b"9" * 30, b"-1", b"Transfer-Encoding: chunked\r\n"]
TELLING += [
    b"HTTP/1.1 ",
    b"Content-Length: 5\r\n",
    b"Connection: close\r\n",
    b"Content-Encoding: gzip\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"204",
]

edits = st.builds(Edit, st.integers(0, 4000), st.integers(0, 12), st.sampled_from(TELLING) | st.binary(max_size=4))
cuts = st.lists(st.integers(0, 4000), max_size=6)


def apply_edits(data: bytes, changes: Sequence[Edit]) -> bytes:
    """Return the data after all edits, in order."""
    for change in changes:
        data = change.of(data)
    return data
