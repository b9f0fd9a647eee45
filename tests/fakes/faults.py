"""Faults of answers, by name, as scripts for the server. The tests say what a client must do about each.

The first request meets the fault. Later connections get good answers, and so do later requests if the connection is still usable.
"""

from __future__ import annotations

import base64
import gzip
import json

from tests.fakes.raw_server import Close, Drip, Hang, Pause, ReadRequest, Repeat, Reset, Script, Send, SendByMethod, Step, answer

#: The body of a read of the key "k", whose value is "v".
FOUND = json.dumps(
    [{"LockIndex": 0, "Key": "k", "Flags": 0, "Value": base64.b64encode(b"v").decode(), "CreateIndex": 1, "ModifyIndex": 1}]
).encode()

GOOD = answer(200, FOUND, [("Content-Type", "application/json"), ("X-Consul-Index", "1")])

#: The answer to a write.
DONE = answer(200, b"true", [("Content-Type", "application/json")])

_JSON = ("Content-Type", "application/json")

#: The script of a healthy server: reads find "v", writes succeed.
HEALTHY: Script = [Repeat((ReadRequest(), SendByMethod(GOOD, DONE)))]


def _answer_with(data: bytes) -> Script:
    """Return a script: these bytes as the first answer, then good answers on the same connection."""
    return [ReadRequest(), Send(data), *HEALTHY]


def _then(*steps: Step) -> Script:
    return [ReadRequest(), *steps]


def _body(body: bytes) -> Script:
    return _answer_with(answer(200, body, [_JSON]))


_NO_LEADER = answer(500, b"No cluster leader")
_HEAD, _, _REST = GOOD.partition(b"\r\n\r\n")
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x;ext=1\r\n" % 10 + FOUND[:10] + b"\r\n"

#: Name -> the script of the first connection.
FAULTS: dict[str, Script] = {
    "never answers": _then(Hang()),
    "reset before the answer": _then(Reset()),
    "reset in the middle of the head": _then(Send(GOOD[:30]), Pause(0.05), Reset()),
    "reset in the middle of the body": _then(Send(GOOD[:-20]), Pause(0.05), Reset()),
    "closed before the answer": _then(Close()),
    "closed in the middle of the head": _then(Send(GOOD[:30]), Close()),
    "truncated body": _then(Send(GOOD[:-20]), Close()),
    "Content-Length smaller than the body": _answer_with(answer(200, FOUND, [("Content-Length", str(len(FOUND) - 20))])),
    "Content-Length larger than the body": _then(Send(answer(200, FOUND, [("Content-Length", str(len(FOUND) + 20))])), Close()),
    "two different Content-Lengths": _answer_with(answer(200, FOUND, [("Content-Length", "5"), ("Content-Length", str(len(FOUND)))])),
    "Content-Length is not a number": _answer_with(answer(200, FOUND, [("Content-Length", "many")])),
    "garbage instead of HTTP": _answer_with(b"\x00\xffSSH-2.0-nothing like HTTP\r\n\r\n"),
    "invalid JSON": _body(b'[{"Key": "k", '),
    "an empty 200": _body(b""),
    "an HTML 502": _answer_with(answer(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", [("Content-Type", "text/html")])),
    "an HTML 200": _answer_with(answer(200, b"<html><body>Please log in</body></html>", [("Content-Type", "text/html")])),
    "JSON: a number": _body(b"42"),
    "JSON: another object": _body(b'{"a": 1}'),
    "JSON: a list of numbers": _body(b"[1]"),
    "JSON: null": _body(b"null"),
    "JSON 20,000 levels deep": _body(b"[" * 20000 + b"]" * 20000),
    "a value that is not base64": _body(FOUND.replace(base64.b64encode(b"v"), b"!?!?")),
    "a body that is not UTF-8": _body(b'[{"Key": "\xff\xfe"}]'),
    "not gzip, but says so": _answer_with(answer(200, FOUND, [_JSON, ("Content-Encoding", "gzip")])),
    "gzip, cut off": _answer_with(answer(200, gzip.compress(FOUND)[:-10], [_JSON, ("Content-Encoding", "gzip")])),
    "an unknown Content-Encoding": _answer_with(answer(200, FOUND, [_JSON, ("Content-Encoding", "rot13")])),
    "10,000 headers": _answer_with(answer(200, FOUND, [(f"X-Header-{n}", "x" * 20) for n in range(10000)])),
    "a 301": _answer_with(answer(301, b"", [("Location", "/v1/kv/other")])),
    "a 307": _answer_with(answer(307, b"", [("Location", "/v1/kv/other")])),
    "a 400": _answer_with(answer(400, b"Missing key name")),
    "a 403": _answer_with(answer(403, b"Permission denied")),
    "a 413": _then(Send(answer(413, b"Request body(600000 bytes) too large, max size: 524288 bytes.", [("Connection", "close")])), Close()),
    "a 500": _answer_with(answer(500, b"rpc error making call: something broke")),
    "headers dripped": _then(Drip(_HEAD, 0.03), Send(b"\r\n\r\n" + _REST)),
    "body dripped": _then(Send(_HEAD + b"\r\n\r\n"), Drip(_REST, 0.03)),
    "an answer of 10 MB": _answer_with(answer(200, b'[{"Value": "' + b"A" * 10_000_000 + b'"}]', [_JSON])),
    "chunks, cut off": _then(Send(_CHUNKED), Close()),
    "chunks, not a size": _answer_with(_CHUNKED + b"zz\r\n"),
}

#: Answers that are valid, but unusual.
ODD_BUT_GOOD: dict[str, Script] = {
    "gzip": _answer_with(answer(200, gzip.compress(FOUND), [_JSON, ("Content-Encoding", "gzip")])),
    "chunked": _answer_with(_CHUNKED + b"%x\r\n" % (len(FOUND) - 10) + FOUND[10:] + b"\r\n0\r\n\r\n"),
    "100 Continue first": _answer_with(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD),
    "without a length": _then(Send(b"HTTP/1.1 200 OK\r\n\r\n" + FOUND), Close()),
    "HTTP/1.0": _then(Send(GOOD.replace(b"HTTP/1.1", b"HTTP/1.0")), Close()),
    "Connection: close": _then(Send(answer(200, FOUND, [("Connection", "close")])), Close()),
    "in small pieces": _then(Drip(GOOD, 0.0), *HEALTHY),
}

#: An answer to no request.
_STRAY = answer(200, FOUND.replace(b"dg==", b"d3Jvbmc="), [_JSON])

#: Name -> what makes an idle connection unusable: the bytes of a good first answer, and the steps after it.
UNUSABLE_IDLE: dict[str, tuple[bytes, tuple[Step, ...]]] = {
    "two answers in one piece": (GOOD + _STRAY, ()),
    "a second answer a little later": (GOOD, (Pause(0.05), Send(_STRAY))),
    "half a second answer, then the rest": (GOOD + _STRAY[:40], (Pause(0.05), Send(_STRAY[40:]))),
    "bytes that nobody asked for": (GOOD, (Pause(0.05), Send(b"hello?"))),
    "closed while idle": (GOOD, (Pause(0.05), Close())),
    "reset while idle": (GOOD, (Pause(0.05), Reset())),
}

#: Refusals that a client retries; see `refuse_then_answer`.
TEMPORARY_REFUSALS: dict[str, bytes] = {
    "a 429": answer(429, b"rate limit exceeded, try again later or against a different server"),
    "a 500 without a leader": _NO_LEADER,
    "a forwarded 500 without a leader": answer(500, b"rpc error making call: No cluster leader"),
    "a 503 of the leader's rate limit": answer(
        503, b"rate limit exceeded for operation that can only be performed by the leader, try again later"
    ),
}


def refuse_then_answer(refusal: bytes, times: int, good: bytes = GOOD) -> Script:
    """Return a script that refuses this many requests, then gives good answers."""
    refused: list[Step] = [ReadRequest(), Send(refusal)]
    return [*(refused * times), Repeat((ReadRequest(), Send(good)))]
