"""Malformed requests, and the statuses that may answer them. 0: the connection is closed without an answer."""

from __future__ import annotations

from tests.cli.dev.raw import CLOSE, LEADER

_PUT = b"PUT /v1/kv/b HTTP/1.1\r\nHost: x\r\n"
_CHUNKED = _PUT + b"Transfer-Encoding: chunked\r\n" + CLOSE

_A_LOT = 3 << 20

#: What is wrong -> the bytes, and the statuses that may answer them.
BAD: dict[str, tuple[bytes, set[int]]] = {
    "an empty line": (b"\r\n\r\n", {400}),
    "one word": (b"garbage\r\n\r\n", {400}),
    "two words": (b"GET /v1/status/leader\r\n\r\n", {400}),
    "another protocol": (b"SSH-2.0-OpenSSH_9.0\r\n", {400}),
    "nul bytes": (b"\0" * 4096, {400}),
    "a tls handshake": (bytes.fromhex("1603010085010000810303") + bytes(120), {400}),
    "an endless line": (b"A" * _A_LOT, {431}),
    "http/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    "a future version": (b"GET /v1/status/leader HTTP/2.0\r\nHost: x\r\n" + CLOSE, {505}),
    "an invalid version": (b"GET /v1/status/leader HTTP/x\r\nHost: x\r\n" + CLOSE, {400}),
    "no host": (b"GET /v1/status/leader HTTP/1.1\r\n" + CLOSE, {400}),
    "two hosts": (b"GET /v1/status/leader HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + CLOSE, {400}),
    "a target without a slash": (b"GET v1/status/leader HTTP/1.1\r\nHost: x\r\n" + CLOSE, {400}),
    "a space in the path": (b"GET /v1/kv/a b HTTP/1.1\r\nHost: x\r\n" + CLOSE, {400}),
    "an incomplete percent-encoding": (b"GET /v1/kv/%z HTTP/1.1\r\nHost: x\r\n" + CLOSE, {400}),
    "an incomplete percent-encoding in the query": (b"GET /v1/kv/a?x=%z HTTP/1.1\r\nHost: x\r\n" + CLOSE, {500}),
    "a control character in the path": (b"GET /v1/kv/a\x01b HTTP/1.1\r\nHost: x\r\n" + CLOSE, {400}),
    "the method CONNECT": (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n" + CLOSE, {404}),
    "a method in lower case": (b"get /v1/status/leader HTTP/1.1\r\nHost: x\r\n" + CLOSE, {405}),
    "an invalid method": (b"G(T /v1/status/leader HTTP/1.1\r\nHost: x\r\n" + CLOSE, {400}),
    "a header without a colon": (LEADER + b"abc\r\n" + CLOSE, {400}),
    "a space in a header name": (LEADER + b"a b: x\r\n" + CLOSE, {400}),
    "a space before the colon": (LEADER + b"a : x\r\n" + CLOSE, {400}),
    "a nul in a header": (LEADER + b"a: \0\r\n" + CLOSE, {400}),
    "a control character in a header": (LEADER + b"a: \x01\r\n" + CLOSE, {400}),
    "an endless header": (LEADER + b"a: " + b"x" * _A_LOT + b"\r\n" + CLOSE, {431}),
    "endless headers": (LEADER + b"".join(b"a%d: x\r\n" % number for number in range(400_000)) + CLOSE, {431}),
    "many headers": (LEADER + b"".join(b"a%d: x\r\n" % number for number in range(5_000)) + CLOSE, {431}),
    "an unknown expectation": (_PUT + b"Content-Length: 3\r\nExpect: a miracle\r\n" + CLOSE + b"abc", {417}),
    "a huge length": (_PUT + b"Content-Length: 99999999999\r\n" + CLOSE + b"abc", {413}),
    "a length of many digits": (_PUT + b"Content-Length: " + b"9" * 5000 + b"\r\n" + CLOSE, {400, 413}),
    "a negative length": (_PUT + b"Content-Length: -3\r\n" + CLOSE + b"abc", {400}),
    "a length with a plus sign": (_PUT + b"Content-Length: +3\r\n" + CLOSE + b"abc", {400}),
    "two lengths": (_PUT + b"Content-Length: 3\r\nContent-Length: 4\r\n" + CLOSE + b"abcd", {400}),
    "a value above the limit": (_PUT + b"Content-Length: 600000\r\n" + CLOSE + bytes(600_000), {413}),
    "an unknown coding": (_PUT + b"Transfer-Encoding: gzip\r\n" + CLOSE + b"abc", {400, 501}),
    "two codings": (_PUT + b"Transfer-Encoding: gzip, chunked\r\n" + CLOSE + b"abc", {400, 501}),
    "a chunk without a size": (_CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", {400}),
    "a chunk of negative size": (_CHUNKED + b"-1\r\nabc\r\n0\r\n\r\n", {400}),
    "a chunk longer than its size": (_CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", {400}),
    "a chunk with an endless extension": (_CHUNKED + b"2;" + b"a" * _A_LOT + b"\r\nab\r\n0\r\n\r\n", {400, 431}),
    "a chunk size of many digits": (_CHUNKED + b"1" * 5000 + b"\r\n", {400}),
}

#: Requests that are cut off: the client sends these bytes and no more.
CUT: dict[str, tuple[bytes, set[int]]] = {
    "nothing": (b"", {0}),
    "half a line": (b"GET /v1/sta", {400}),
    "half a head": (LEADER, {400}),
    "half a body": (_PUT + b"Content-Length: 5\r\n" + CLOSE + b"ab", {400}),
    "half a chunk": (_CHUNKED + b"5\r\nab", {400}),
    "half a handshake": (bytes.fromhex("16030100"), {400}),
}
