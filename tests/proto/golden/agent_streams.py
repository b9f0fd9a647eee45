"""Golden rows of the streams of `agent`: its log and its metrics."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("agent.monitor", lambda api: api.agent.monitor(), "GET", "/v1/agent/monitor", None),
    RequestRow(
        "agent.monitor",
        lambda api: api.agent.monitor(log_level="debug", log_json=True),
        "GET",
        "/v1/agent/monitor?loglevel=debug&logjson",
        None,
    ),
    RequestRow("agent.metrics_stream", lambda api: api.agent.metrics_stream(), "GET", "/v1/agent/metrics/stream", None),
]

ANSWERS = [
    AnswerRow(
        "agent.monitor",
        lambda api: api.agent.monitor(log_level="debug"),
        200,
        b"2026-11-28T08:56:40.110Z [DEBUG] agent.http: Request finished: method=GET url=/v1/status/leader from=1 "
        b"latency=65.727\xc2\xb5s\n"
        b"2026-11-28T08:56:40.110Z [DEBUG] agent: warning: request content-type is not supported: request-path=/v1/status/leader\n",
        [
            "2026-11-28T08:56:40.110Z [DEBUG] agent.http: Request finished: method=GET url=/v1/status/leader from=1 latency=65.727\u00b5s",
            "2026-11-28T08:56:40.110Z [DEBUG] agent: warning: request content-type is not supported: request-path=/v1/status/leader",
        ],
    ),
    AnswerRow(
        "agent.metrics_stream",
        lambda api: api.agent.metrics_stream(),
        200,
        b'{\n    "Timestamp": "2026-11-28 08:56:30 +0000 UTC",\n    "Gauges": [\n        {\n            "Name": '
        b'"consul.vm.autopilot.healthy",\n            "Value": 1,\n            "Labels": {}\n        }\n    ],\n    "Points": [],\n'
        b'    "Counters": [],\n    "Samples": []\n}\n'
        b'{\n    "Timestamp": "2026-11-28 08:56:40 +0000 UTC",\n    "Gauges": [],\n    "Points": [],\n    "Counters": [],\n'
        b'    "Samples": []\n}\n',
        [
            {
                "Timestamp": "2026-11-28 08:56:30 +0000 UTC",
                "Gauges": [{"Name": "consul.vm.autopilot.healthy", "Value": 1, "Labels": {}}],
                "Points": [],
                "Counters": [],
                "Samples": [],
            },
            {"Timestamp": "2026-11-28 08:56:40 +0000 UTC", "Gauges": [], "Points": [], "Counters": [], "Samples": []},
        ],
    ),
]
