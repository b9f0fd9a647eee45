"""An agent that stops answering, to interrupt a command while it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.agents import Agent


@contextmanager
def agent_that_stops(answer: Callable[[bytes], bytes]) -> Iterator[tuple[Agent, threading.Event]]:
    """An agent that holds nothing, answers one write, and then no other. The event: whether it got another.

    answer: the JSON that the first write gets, for its body.
    """
    has_more, is_over = threading.Event(), threading.Event()
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"[]")

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if turn.acquire(blocking=False):
                self._answer(answer(body))
                return
            has_more.set()
            is_over.wait(60)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Agent("1.22.5", "127.0.0.1", server.server_port, "", "n", "dc1", None), has_more
        finally:
            is_over.set()
            server.shutdown()
            thread.join()
