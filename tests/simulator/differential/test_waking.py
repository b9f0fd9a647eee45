"""The same writes wake the same blocking queries of the simulator and of real agents, with the same answers."""

from __future__ import annotations

import os
from contextlib import closing

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.simulator.differential.calls import REGISTER, Call, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.strategies import catalog, kv
from tests.simulator.differential.waiting import Waiting

_WAITS = st.tuples(
    st.sampled_from(
        [
            *(("/v1/kv/{p}" + key, query) for key in ("a", "a/b", "b", "none") for query in ((), (("recurse", None),), (("keys", None),))),
            *((path, ()) for path in ("/v1/session/list", "/v1/session/node/n1", "/v1/catalog/nodes", "/v1/catalog/services")),
            *((f"/v1/catalog/service/{service}", ()) for service in ("web", "db", "none")),
            *((f"/v1/catalog/node/{node}", ()) for node in ("n1", "n2")),
            *((f"/v1/health/{kind}", ()) for kind in ("state/any", "node/n1", "checks/web", "service/web", "service/db", "connect/web")),
        ]
    )
)

#: Without names that differ only in case: an agent's stream takes them for different ones.
_WRITES = st.one_of(
    kv.WRITES,
    catalog.WRITES.filter(lambda call: not any(name in (call.body or b"") for name in (b'"N1"', b'"Web"', b'"W1"', b'"C1"'))),
)

#: Writes that wake each of the queries above.
_LAST = [
    *(put("/v1/kv/{p}" + key, b"last") for key in ("a", "a/b", "b", "none")),
    *(
        put(REGISTER, body)
        for node in ("n1", "n2")
        for body in (
            {"Node": node, "Address": "10.0.0.99", "NodeMeta": {"last": node}},
            *({"Node": node, "Address": "10.0.0.99", "Service": {"ID": f"last-{name}", "Service": name}} for name in ("web", "db", "none")),
            {
                "Node": node,
                "Address": "10.0.0.99",
                "Check": {"CheckID": "last", "Name": "last", "Status": "passing", "ServiceID": "last-web"},
            },
            {
                "Node": node,
                "Address": "10.0.0.99",
                "Service": {"Service": "last", "Kind": "connect-proxy", "Port": 1, "Proxy": {"DestinationServiceName": "web"}},
            },
        )
    ),
    put("/v1/session/create", {"Node": "n1", "Checks": []}),
]


@pytest.mark.real
# The steps are the same each time: more DIFFERENTIAL_EXAMPLES draw new ones. Examples are short enough without shrinking.
@settings(
    max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "40")),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(
    steps=[(("/v1/health/node/n1", ()),), put(REGISTER, {"Node": "n2", "Address": "10.0.0.1", "Check": {"CheckID": "c1", "Name": "c1"}})]
)
@given(steps=st.lists(st.one_of(_WAITS, _WRITES), min_size=10, max_size=30))
def test_the_same_writes_wake_the_same_queries(
    sides: Sides, steps: list[tuple[tuple[str, tuple[tuple[str, str | None], ...]]] | Call]
) -> None:
    sides.clear()
    with closing(Waiting(sides)) as waiting:
        found: list[str] = []
        for step in steps:
            found += waiting.write(step) if isinstance(step, Call) else waiting.wait(*step[0])
            if found:
                break
        for last in _LAST:
            # In spite of differences, no query must be left behind.
            found += waiting.write(last)
        assert found == []
        assert waiting.left == []
