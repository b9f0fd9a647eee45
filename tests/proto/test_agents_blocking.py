"""Blocking queries of a client with several agents: an index belongs to the agent that gave it."""

from __future__ import annotations

from consul_proto.errors import RequestTimeout
from consul_proto.message import Headers, Request, Response
from tests.proto.routed import (
    READ,
    WRITE,
    A,
    B,
    fails,
    make_agents,
    query_on,
    refused,
    reset,
    route,
    succeeds,
)


def _index(number: int) -> Headers:
    return Headers([("X-Consul-Index", str(number))])


class TestBlockingQueries:
    def test_a_query_stays_with_the_agent_that_gave_its_index(self) -> None:
        agents = make_agents()
        fails(agents, A)
        assert succeeds(agents, response=Response(200, _index(7))) == B
        assert succeeds(agents, now=5.0) == A
        for index in range(7, 12):
            call = route(agents, query_on(str(index)), now=5.0)
            assert (call.address, call.request) == (B, query_on(str(index)))
            assert isinstance(call.report(Response(200, _index(index + 1)), 5.0), Response)

    def test_it_begins_anew_on_another_agent(self) -> None:
        agents, query = make_agents(), query_on("7", "/v1/kv/", ("recurse", None))
        assert succeeds(agents, Request("GET", "/v1/kv/", (("recurse", None),)), response=Response(200, _index(7))) == A
        call = route(agents, query)
        assert (call.address, call.request) == (A, query)
        assert call.report(reset(), 0.0) is None
        assert (call.address, call.request) == (B, Request("GET", "/v1/kv/", (("recurse", None),)))
        assert isinstance(call.report(Response(200, _index(3)), 0.0), Response)
        call = route(agents, query_on("3", "/v1/kv/", ("recurse", None)))
        assert (call.address, call.request.wait) == (B, 63.75)

    def test_it_begins_anew_while_its_agent_is_left_alone(self) -> None:
        agents = make_agents()
        assert succeeds(agents, response=Response(200, _index(7))) == A
        fails(agents, A)
        call = route(agents, query_on("7"))
        assert (call.address, call.request) == (B, READ)
        assert call.report(reset(), 0.0) is None
        assert (call.address, call.request) == (A, READ)

    def test_a_query_on_a_hash_does_the_same(self) -> None:
        agents = make_agents()
        assert succeeds(agents, response=Response(200, Headers([("X-Consul-ContentHash", "abc")]))) == A
        call = route(agents, query_on("abc", name="hash"))
        assert call.report(reset(), 0.0) is None
        assert (call.address, call.request) == (B, READ)

    def test_an_index_of_unknown_origin_goes_to_the_first_agent_and_no_further(self) -> None:
        agents = make_agents()
        fails(agents, A)
        call = route(agents, query_on("7"))
        assert (call.address, call.request) == (B, query_on("7"))
        assert call.report(reset(), 0.0) is None
        assert (call.address, call.request) == (A, READ)

    def test_consistency_does_not_make_it_another_read(self) -> None:
        agents = make_agents()
        fails(agents, A)
        first = Request("GET", "/v1/kv/k", (("consistent", None),))
        assert succeeds(agents, first, response=Response(200, _index(7))) == B
        assert route(agents, query_on("7"), now=9.0).address == B

    def test_many_other_reads_do_not_make_it_forget(self) -> None:
        agents = make_agents()
        fails(agents, A)
        assert succeeds(agents, query_on("6"), response=Response(200, _index(7))) == B
        for number in range(5000):
            assert succeeds(agents, Request("GET", f"/v1/kv/{number}"), now=9.0, response=Response(200, _index(number))) == A
        assert route(agents, query_on("7"), now=9.0).address == B
        assert route(agents, query_on("0", "/v1/kv/0"), now=9.0).address == A

    def test_a_wait_without_an_index_is_a_read_of_its_own(self) -> None:
        assert route(make_agents(), Request("GET", "/v1/kv/k", wait=5.0)).request.wait == 5.0

    def test_what_a_write_answers_is_no_index(self) -> None:
        agents = make_agents()
        fails(agents, A)
        assert succeeds(agents, WRITE, response=Response(200, _index(7))) == B
        assert route(agents, query_on("7"), now=9.0).address == A

    def test_a_blocking_query_has_its_wait_besides(self) -> None:
        query = Request("GET", "/v1/kv/k", (("index", "7"), ("wait", "60s")), wait=60.0)
        call = route(make_agents(), query)
        assert call.timeout == 65.0
        assert call.report(RequestTimeout("late"), 65.0) is None
        assert call.timeout == 5.0

    def test_a_blocking_query_that_begins_anew_is_a_read_of_the_usual_time(self) -> None:
        query = Request("GET", "/v1/kv/k", (("index", "7"), ("wait", "60s")), wait=60.0)
        for timeout, left in ((10.0, 10.0), (None, None)):
            call = route(make_agents(), query, timeout=timeout)
            assert call.report(refused(), 1.0) is None
            assert call.timeout == left

    def test_what_is_left_of_a_query_that_waited_is_for_the_next_agent(self) -> None:
        """The driver sends it again, after most of its time."""
        call = make_agents().route(Request("GET", "/v1/kv/k", (("index", "7"), ("wait", "60s")), wait=60.0), 14.0, 0.0)
        assert call.report(refused(), 0.0) is None
        assert call.timeout == 14.0
