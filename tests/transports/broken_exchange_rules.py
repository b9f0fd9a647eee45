"""The rules of exchanges, and of the shell over sockets, that `scripts/mutants` breaks, one at a time."""

from __future__ import annotations

from tests.simulator.broken_rules import Mutant

_EXCHANGE, _CONNECTION = "clients/exchange.py", "clients/socket_connection.py"

EXCHANGE_MUTANTS = [
    Mutant("an answer that has come counts after the time limit", _EXCHANGE, "if not self.advance():", "if not self.is_over:"),
    Mutant(
        "an exchange that is given up closes its connection",
        _EXCHANGE,
        "        if not self.is_over:\n            self._done(False)",
        "        if not self.is_over:\n            self._done(True)",
    ),
    Mutant(
        "an exchange that failed closes its connection",
        _EXCHANGE,
        "        self._error = failure\n        self._done(False)",
        "        self._error = failure\n        self._done(True)",
    ),
    Mutant("a connection is used again only if it can be", _EXCHANGE, "self._done(self._connection.reusable)", "self._done(True)"),
    Mutant("a connection that has not sent all is not used again", _CONNECTION, "self._sent_whole and not self._unsent and", ""),
    Mutant(
        "who got a part of an answer has no stale connection",
        _CONNECTION,
        "self.answered = self.answered or bool(data)\n                response = None",
        "self.answered = False\n                response = None",
    ),
    Mutant("a time limit that ends while connecting leaves nothing sent", _EXCHANGE, "sent=self._connection.sent", "sent=True"),
    Mutant("a connection that is refused is an error", "clients/resolve.py", "if code not in (0, errno.EISCONN):", "if code == 0.5:"),
    Mutant(
        "a new connection takes a place",
        "clients/sync_socket.py",
        "if self._closed or not self._pool.reserve(blocking=False):",
        "if self._closed:",
    ),
    Mutant("a blocking query is not started", "clients/sync_socket.py", "request.wait > 0 or ", ""),
    Mutant("nothing is started over TLS", "clients/sync_socket.py", "self._is_encrypted or ", ""),
    Mutant("an exchange takes a place", "clients/pool.py", "            self._busy[False] += 1\n", "            pass\n"),
    Mutant(
        "a user's own transport gets every request",
        "started.py",
        '"start_exchange" not in vars(type(transport))',
        'not hasattr(transport, "start_exchange")',
    ),
    Mutant("a batch that is cancelled gives its place back", "machines/sockets.py", "                started.exchange.give_up()\n", ""),
    Mutant("a batch has a time limit", "machines/sockets.py", "            exchange.expire()\n", "            return\n"),
    Mutant(
        "the scheduler hears of a socket that a worker adds",
        "machines/sockets.py",
        "                self._woken.set()  # the scheduler waits without this socket\n",
        "                pass\n",
    ),
    Mutant("who waits for sockets can be woken", "machines/readiness.py", "if self._is_polling and self._pipe is not None:", "if False:"),
]
