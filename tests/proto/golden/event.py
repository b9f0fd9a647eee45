"""Golden rows of `event`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("event.fire", lambda api: api.event.fire("deploy"), "PUT", "/v1/event/fire/deploy", b""),
    RequestRow(
        "event.fire",
        lambda api: api.event.fire("deploy", "payload", "dc2", "n.*", "web", "v1"),
        "PUT",
        "/v1/event/fire/deploy?dc=dc2&node=n.*&service=web&tag=v1",
        b"payload",
    ),
    RequestRow("event.list", lambda api: api.event.list(), "GET", "/v1/event/list", None),
    RequestRow(
        "event.list",
        lambda api: api.event.list("deploy", index=18446744073709551615, wait="1s"),
        "GET",
        "/v1/event/list?name=deploy&index=18446744073709551615&wait=1s",
        None,
        wait=1.0625,
    ),
]

ANSWERS = [
    AnswerRow(
        "event.fire",
        lambda api: api.event.fire("e"),
        200,
        b'{"ID": "37634407-fc7e-f647-fabc-5d27d89e0232", "Name": "deploy", "Payload": "djI=", "NodeFilter": "test-.*", "ServiceFilter": "", "TagFilter": "", "Version": 1, "LTime": 0}',
        "37634407-fc7e-f647-fabc-5d27d89e0232",
    ),
    AnswerRow(
        "event.list",
        lambda api: api.event.list(),
        200,
        b'[{"ID": "37634407-fc7e-f647-fabc-5d27d89e0232", "Name": "deploy", "Payload": "djI=", "NodeFilter": "test-.*", "ServiceFilter": "", "TagFilter": "", "Version": 1, "LTime": 2}, {"ID": "dc917892-dc73-ad49-dac6-665257651457", "Name": "deploy", "Payload": null, "NodeFilter": "", "ServiceFilter": "", "TagFilter": "", "Version": 1, "LTime": 3}]',
        [
            {
                "ID": "37634407-fc7e-f647-fabc-5d27d89e0232",
                "Name": "deploy",
                "Payload": b"v2",
                "NodeFilter": "test-.*",
                "ServiceFilter": "",
                "TagFilter": "",
                "Version": 1,
                "LTime": 2,
            },
            {
                "ID": "dc917892-dc73-ad49-dac6-665257651457",
                "Name": "deploy",
                "Payload": b"",
                "NodeFilter": "",
                "ServiceFilter": "",
                "TagFilter": "",
                "Version": 1,
                "LTime": 3,
            },
        ],
    ),
]
