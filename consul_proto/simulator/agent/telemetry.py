"""The agent's log and metrics, as streams: `/v1/agent/monitor` and `/v1/agent/metrics/stream`.

The log has a line for each request, and an error for each that is refused. The metrics count requests.
https://developer.hashicorp.com/consul/api-docs/agent#stream-logs
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from consul_proto.message import Request, Response
from consul_proto.simulator.engine.answers import Feed, Refusal
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_11

#: Level of a log line -> its rank. "ERR" is another name of "ERROR".
_LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "ERR": 4, "ERROR": 4}

#: Seconds of an interval of metrics.
INTERVAL = 10.0

#: Paths that contain a token, which real agents hide too.
_LEGACY_ACL = re.compile(r"(/v1/acl/(?:create|update|destroy|info|clone|list)/).+")


class Telemetry:
    """Who reads the log and the metrics, and what they get. An answer that nobody holds any more gets nothing."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        #: The open logs, each with its lowest rank, and whether its lines are JSON.
        self._logs: WeakKeyDictionary[Feed, tuple[int, bool]] = WeakKeyDictionary()
        #: The open streams of metrics, each with the time at which its next interval ends.
        self._metrics: WeakKeyDictionary[Feed, float] = WeakKeyDictionary()
        self._counts: Counter[str] = Counter()

    def open_log(self, level: str, *, is_json: bool) -> Feed:
        """Return a log from now on. Raises KeyError for an unknown level."""
        feed = Feed()
        self._logs[feed] = (_LEVELS[level.upper()], is_json)
        return feed

    def open_metrics(self) -> Feed:
        """Return the metrics of each interval that ends from now on."""
        feed = Feed()
        self._metrics[feed] = (self._clock() // INTERVAL + 1) * INTERVAL
        return feed

    def note(self, request: Request, response: Response) -> None:
        """Log a request that was answered, and count it."""
        if self._metrics:
            self._counts[request.method] += 1
        if self._logs:
            query = "&".join([f"{name}={'<hidden>' if name == 'token' else value or ''}" for name, value in request.query])
            path = _LEGACY_ACL.sub(r"\1<hidden>", request.path)
            about = {"method": request.method, "url": f"{path}?{query}" if query else path, "from": "127.0.0.1:0"}
            if response.status >= 400 and response.body:  # a missing key is no error
                self._write("ERROR", "Request error", about | {"error": response.body.decode("utf-8", "replace")})
            self._write("DEBUG", "Request finished", about | {"latency": "0s"})

    def _write(self, level: str, message: str, about: dict[str, str]) -> None:
        now = self._settings.date(self._clock())
        for feed, (lowest, is_json) in list(self._logs.items()):
            if _LEVELS[level] >= lowest and is_json:
                said = {"@level": level.lower(), "@message": message, "@module": "agent.http", "@timestamp": now}
                feed.add(json.dumps(said | about, separators=(",", ":")).encode() + b"\n")
            elif _LEVELS[level] >= lowest:
                pairs = " ".join([f"{name}={json.dumps(value) if ' ' in value else value}" for name, value in about.items()])
                feed.add(f"{now} [{level}] agent.http: {message}: {pairs}\n".encode())

    def next_deadline(self) -> float | None:
        """Return the time at which the next interval ends; None: nobody reads the metrics."""
        return min(self._metrics.values(), default=None)

    def advance(self, now: float) -> None:
        """End the intervals that are over."""
        due = [feed for feed, time in self._metrics.items() if time <= now]
        if not due:
            return
        document = json.dumps(self._document(self._metrics[due[0]] - INTERVAL), indent=4).encode() + b"\n"
        self._counts.clear()
        for feed in due:
            self._metrics[feed] += INTERVAL
            feed.add(document)

    def _document(self, begin: float) -> dict[str, Any]:
        nothing = dict.fromkeys(("Sum", "Min", "Max", "Mean", "Stddev"), 0)
        samples = [
            {"Name": "consul.api.http", "Count": count, "Rate": 0, **nothing, "Labels": {"method": method}}
            for method, count in sorted(self._counts.items())
        ]
        return {"Timestamp": go_time(self._settings, begin), "Gauges": [], "Points": [], "Counters": [], "Samples": samples}


def go_time(settings: Settings, now: float) -> str:
    """Return a time as Go prints it."""
    return settings.date(now)[:19].replace("T", " ") + " +0000 UTC"


class TelemetryEndpoint:
    """`/v1/agent/monitor` and `/v1/agent/metrics/stream`."""

    def __init__(self, telemetry: Telemetry, settings: Settings) -> None:
        self._telemetry, self._settings = telemetry, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints. The stream of metrics came with 1.11."""
        get = partial(Route, ("GET",))
        stream = {"/v1/agent/metrics/stream": get(write=self.metrics_stream)} if self._settings.version >= V1_11 else {}
        return {"/v1/agent/monitor": get(write=self.monitor), **stream}

    def metrics_stream(self, request: ServerRequest, _now: float) -> Feed:
        """GET metrics/stream."""
        request.require("agent", self._settings.node, "read")
        return self._telemetry.open_metrics()

    def monitor(self, request: ServerRequest, _now: float) -> Feed:
        """GET monitor."""
        request.require("agent", self._settings.node, "read")
        level = request.first("loglevel")
        try:
            return self._telemetry.open_log(level or "INFO", is_json=request.flag("logjson"))
        except KeyError:
            raise Refusal(400, f"{self._settings.bad_request}Unknown log level: {level}") from None
