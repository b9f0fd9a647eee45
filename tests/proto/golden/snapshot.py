"""Golden rows of `snapshot`. `tests/proto/test_snapshot_archive.py` has more archives."""

from __future__ import annotations

from base64 import b64decode

from consul_proto.message import StreamedBody
from tests.proto.golden.row import AnswerRow, RequestRow

#: A snapshot with a short state.
ARCHIVE = b64decode(
    "H4sIAAAAAAACA+2WTWsbMRCG95xfsejsNSONRlot5BCSQgNxU9g0l9KDPmaNHWzD2m5Ng/97VKfxITnHOWQfHTRIGr0C6WW04I0fz9erZfF+QMYAHHp42wMa"
    "fYyfxy0ZWZRQnIDteuP7LFl8Th7FPffr2WopGjkS11eiEaqSrpLWUU2aQNfGiTyzTLzLa9xI3HG/EI0aie+cU3PCg693k3ncTi71n5v5F/Ptarq7vZuc57TL"
    "1bKbTbe93xwkHkXL/e9D1s8cb7uu91MWDfyXxqTZBllXEZkqHYOqfAKu2JCKhDKEaPOuFyn1vP4nLZUdQ26y0bV0KPa/9q9EXw4+Eu3sb5ai/VkxcCS//g2P"
    "w+wj/Q9Ab/yv1eD/k93/YINPS/v1QpFpf0zaj/O/Qnjtf4U4+P8UuBQDJVCh8yqhTtYGlAYI2SlyqElKC9hpTwqCNTZ661PqIC+UgTCU5eLlB3mmgzfOIkVP"
    "aA1xMt6C4xTIRMNeoQk2F2mPQTlvAjqIqE0HnUYNrLksj9VoqNEn4gkAqlcpAAwAAA=="
)

_BODY = StreamedBody(lambda: (b"sn", b"ap"), 4)

REQUESTS = [
    RequestRow("snapshot.save", lambda api: api.snapshot.save(), "GET", "/v1/snapshot", None),
    RequestRow(
        "snapshot.save",
        lambda api: api.snapshot.save(datacenter="dc2", consistency="stale"),
        "GET",
        "/v1/snapshot?dc=dc2&stale",
        None,
    ),
    RequestRow("snapshot.restore", lambda api: api.snapshot.restore(b"snap"), "PUT", "/v1/snapshot", b"snap"),
    RequestRow("snapshot.restore", lambda api: api.snapshot.restore(_BODY, datacenter="dc2"), "PUT", "/v1/snapshot?dc=dc2", b"snap"),
]

ANSWERS = [
    AnswerRow("snapshot.save", lambda api: api.snapshot.save(), 200, ARCHIVE, [ARCHIVE]),
    AnswerRow("snapshot.restore", lambda api: api.snapshot.restore(b"snap"), 200, b"", True),
]
