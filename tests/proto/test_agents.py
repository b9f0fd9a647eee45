"""Which of several agents a request goes to, and what an outcome means: the decisions alone, in a time that the tests make up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto.agents import LONGEST_PAUSE, AgentOrder, AgentResponse, Agents, is_of_one_agent, is_repeatable
from consul_proto.api import Operations
from consul_proto.errors import Cancelled, ClientClosed, NoLeader, RequestError, RequestTimeout, UnreadableBody
from consul_proto.message import Request, Response
from tests.proto.routed import (
    BAD_GATEWAY,
    ENDPOINTS,
    LIMITED,
    LOST_SERVER,
    NO_LEADER,
    NO_SERVERS,
    OK,
    OWN_READ,
    OWN_WRITE,
    READ,
    RENEWAL,
    WRITE,
    A,
    B,
    C,
    fails,
    make_agents,
    query_on,
    refused,
    reset,
    route,
    stale,
    succeeds,
)


class TestWhereARequestGoes:
    def test_to_the_first_agent_that_works(self) -> None:
        agents = make_agents()
        assert [succeeds(agents, request) for request in (READ, WRITE, RENEWAL, OWN_READ)] == [A] * 4
        fails(agents, A)
        assert [succeeds(agents, request) for request in (READ, WRITE, RENEWAL)] == [B] * 3

    @pytest.mark.parametrize("request_", [OWN_READ, OWN_WRITE, Request("PUT", "/v1/event/fire/deploy"), Request("GET", "/v1/event/list")])
    @pytest.mark.parametrize("outcome", [refused, reset, lambda: stale(sent=False)])
    def test_what_is_about_an_agent_stays_with_it_and_raises_its_failure(self, request_: Request, outcome: Any) -> None:
        agents = make_agents()
        error: RequestError = outcome()
        fails(agents, A)
        call = route(agents, request_)
        assert (call.address, call.timeout) == (A, 10.0)
        assert call.report(error, 0.0) is error
        assert error.address == A

    def test_the_answers_of_an_agent_about_itself_are_final(self) -> None:
        """A 429 and a 503 say how healthy a service is."""
        for response in (LIMITED, Response(503), NO_LEADER):
            assert succeeds(make_agents(), OWN_READ, response=response) == A

    def test_the_list_of_endpoints_names_what_is_about_an_agent(self) -> None:
        own = {row["id"].partition(".")[0] for row in ENDPOINTS if is_of_one_agent(_request(row))}
        assert own == {"agent", "event"}
        left = [row["id"] for row in ENDPOINTS if row["id"].startswith(("agent.", "event.")) and not is_of_one_agent(_request(row))]
        assert left == []

    def test_what_may_be_sent_twice(self) -> None:
        """Every GET, and of the others those that can block, which are reads, and a renewal."""
        others = {row["id"] for row in ENDPOINTS if row["method"] != "GET" and is_repeatable(_request(row))}
        blocking = {row["id"] for row in ENDPOINTS if row["method"] != "GET" and row["blocking"] not in (None, "", "no", "none")}
        assert others == blocking | {"session.renew"}

    def test_at_random_for_each_request_but_not_what_is_about_an_agent(self) -> None:
        numbers = iter([0.6] + [0.2, 0.1, 0.3, 0.4] * 2)
        agents = make_agents(order="random", draw=lambda: next(numbers))
        assert [succeeds(agents) for _ in range(4)] == [B, A, B, A]
        assert [succeeds(agents, OWN_READ) for _ in range(4)] == [B] * 4

    @given(st.floats(0, 1))
    def test_any_number_chooses_an_agent(self, number: float) -> None:
        assert succeeds(make_agents(A, B, C, order="random", draw=lambda: number), OWN_READ) in (A, B, C)


def _request(row: dict[str, Any]) -> Request:
    return Request(row["method"], str(row["path"]).replace("{", "").replace("}", ""))


class TestWhatAnOutcomeMeans:
    @pytest.mark.parametrize("request_", [READ, WRITE, RENEWAL, Request("PUT", "/v1/txn")])
    @pytest.mark.parametrize("outcome", [refused, lambda: NO_LEADER, lambda: LIMITED, lambda: NO_SERVERS])
    def test_what_certainly_had_no_effect_goes_on(self, request_: Request, outcome: Any) -> None:
        call = route(make_agents(), request_)
        assert call.report(outcome(), 0.0) is None
        assert (call.address, call.request) == (B, request_)

    @pytest.mark.parametrize("request_", [READ, RENEWAL, Request("POST", "/v1/discovery-chain/web")])
    @pytest.mark.parametrize("outcome", [reset, lambda: RequestTimeout("late"), lambda: BAD_GATEWAY, lambda: LOST_SERVER])
    def test_what_may_be_sent_twice_goes_on_after_any_failure(self, request_: Request, outcome: Any) -> None:
        call = route(make_agents(), request_)
        assert call.report(outcome(), 0.0) is None
        assert call.address == B

    @pytest.mark.parametrize("outcome", [reset, lambda: RequestTimeout("late"), lambda: stale(sent=True)])
    def test_a_write_that_may_have_had_an_effect_raises(self, outcome: Any) -> None:
        error: RequestError = outcome()
        assert route(make_agents(), WRITE).report(error, 0.0) is error
        assert error.maybe_applied
        assert error.address == A

    @pytest.mark.parametrize("response", [BAD_GATEWAY, LOST_SERVER, Response(503), Response(500, body=b"any other"), Response(403)])
    def test_any_other_answer_to_a_write_is_its_answer(self, response: Response) -> None:
        assert succeeds(make_agents(), WRITE, response=response) == A

    @pytest.mark.parametrize("status", [200, 301, 403, 404, 408, 409, 500])
    def test_an_error_that_every_agent_would_give_is_the_answer(self, status: int) -> None:
        assert succeeds(make_agents(), response=Response(status, body=b"Permission denied")) == A

    def test_the_health_of_the_cluster_is_no_rate_limit(self) -> None:
        assert succeeds(make_agents(), Request("GET", "/v1/operator/autopilot/health"), response=LIMITED) == A

    @pytest.mark.parametrize("kind", [Cancelled, ClientClosed, UnreadableBody])
    def test_what_is_not_about_the_agent_raises(self, kind: type[RequestError]) -> None:
        error, agents = kind("the client did it", maybe_applied=False), make_agents()
        assert route(agents).report(error, 0.0) is error
        assert succeeds(agents) == A

    @pytest.mark.parametrize(("request_", "sent"), [(READ, True), (READ, False), (WRITE, False)])
    def test_a_closed_idle_connection_is_no_failure_of_its_agent(self, request_: Request, sent: bool) -> None:
        agents = make_agents()
        call = route(agents, request_)
        assert call.report(stale(sent=sent), 2.0) is None
        assert (call.address, call.timeout) == (A, 4.0 if request_ is READ else 8.0)
        assert succeeds(agents) == A
        assert call.report(stale(sent=sent), 2.0) is None
        assert call.address == B


class TestWhatTheCallerGets:
    def test_an_error_that_names_each_agent_and_what_it_said(self) -> None:
        call = route(make_agents(A, B, C))
        assert call.report(refused(), 0.0) is None
        assert call.report(reset(), 0.0) is None
        last = RequestTimeout("no answer\nin time")
        error = call.report(last, 9.0)
        assert isinstance(error, RequestTimeout)
        assert error.message == (
            f"no agent answered: {A} said: the connection was refused; {B} said: the connection was reset; {C} said: no answer in time"
        )
        assert error.address == f"{A}, {B}, {C}"
        assert error.maybe_applied
        assert error.__cause__ is last

    def test_an_error_that_says_whether_a_write_may_have_had_an_effect(self) -> None:
        for last, maybe_applied in ((refused(), False), (reset(), True)):
            call = route(make_agents(), WRITE)
            assert call.report(refused(), 0.0) is None
            error = call.report(last, 0.0)
            assert isinstance(error, RequestError)
            assert type(error) is RequestError
            assert error.maybe_applied is maybe_applied

    @pytest.mark.parametrize("outcomes", [(NO_LEADER, refused()), (refused(), NO_LEADER)])
    def test_an_answer_that_asks_to_try_again_is_better_than_an_error(self, outcomes: tuple[Response | RequestError, ...]) -> None:
        """The driver waits and tries again after it, for reads and for writes."""
        call = route(make_agents(), WRITE)
        assert call.report(outcomes[0], 0.0) is None
        result = call.report(outcomes[1], 0.0)
        assert isinstance(result, Response)
        addresses = {A: B, B: A}
        assert result.address is not None
        assert (result.status, result.body) == (NO_LEADER.status, NO_LEADER.body)
        assert result.earlier == f"{addresses[result.address]} said: the connection was refused"

    def test_not_the_answer_before_a_write_that_may_have_had_an_effect(self) -> None:
        call = route(make_agents(), WRITE)
        assert call.report(NO_LEADER, 0.0) is None
        error = call.report(reset(), 0.0)
        assert isinstance(error, RequestError)
        assert error.maybe_applied
        assert f"{A} said: 500 rpc error making call: No cluster leader" in error.message

    def test_an_error_as_soon_as_the_time_is_over(self) -> None:
        call = route(make_agents())
        error = RequestTimeout("late")
        assert call.report(error, 10.0) is error
        assert str(error.address) == A


class TestTime:
    def test_a_read_gives_each_agent_that_is_left_an_equal_share(self) -> None:
        call = route(make_agents(A, B, C), timeout=12.0)
        assert call.timeout == 4.0
        assert call.report(RequestTimeout("late"), 4.0) is None
        assert call.timeout == 4.0
        assert call.report(refused(), 5.0) is None
        assert call.timeout == 7.0

    def test_a_write_and_a_call_without_a_limit_have_no_shares(self) -> None:
        assert route(make_agents(), WRITE).timeout == 10.0
        assert route(make_agents(), timeout=None).timeout is None

    def test_agents_that_are_left_alone_get_no_share_but_where_no_other_is_left(self) -> None:
        agents = make_agents(A, B, C)
        fails(agents, A)
        call = route(agents)
        assert (call.address, call.timeout) == (B, 5.0)
        assert call.report(reset(), 0.0) is None
        assert (call.address, call.timeout) == (C, 10.0)
        assert call.report(reset(), 1.0) is None
        assert (call.address, call.timeout) == (A, 9.0)
        call = route(agents, now=0.1)
        assert (call.address, call.timeout) == (A, 10.0 / 3)


class TestPauses:
    def test_an_agent_that_failed_is_left_alone_and_then_tried_by_one_call(self) -> None:
        agents = make_agents()
        fails(agents, A)
        assert succeeds(agents, now=0.99) == B
        trial = route(agents, now=1.0)
        assert trial.address == A
        assert succeeds(agents, now=1.0) == B
        assert isinstance(trial.report(OK, 1.1), Response)
        assert succeeds(agents, now=1.1) == A

    def test_each_failure_in_a_row_doubles_the_pause(self) -> None:
        agents, now, pauses = make_agents(), 0.0, []
        for _ in range(7):
            fails(agents, A, now)
            began = now
            while succeeds(agents, now=now) == B:
                now += 0.25
            pauses.append(now - began)
            # What `succeeds` made good again was the last failure: fail as often as before, and once more.
            for again in range(len(pauses)):
                fails(agents, A, now + 100 * again)
            now += 100 * len(pauses)
        assert pauses == sorted(pauses)
        assert pauses[0] == 1.0
        assert max(pauses) <= LONGEST_PAUSE

    def test_a_part_of_the_pause_is_random(self) -> None:
        agents = make_agents(draw=lambda: 0.0)
        fails(agents, A)
        assert [succeeds(agents, now=now) for now in (0.49, 0.5)] == [B, A]

    def test_many_calls_that_fail_at_once_are_one_failure(self) -> None:
        agents = make_agents()
        calls = [route(agents) for _ in range(50)]
        assert all(call.report(reset(), 0.0) is None for call in calls)
        assert succeeds(agents, now=1.0) == A

    def test_if_all_are_left_alone_all_are_tried(self) -> None:
        agents = make_agents()
        for _ in range(5):
            call = route(agents)
            assert call.report(refused(), 0.0) is None
            assert isinstance(call.report(refused(), 0.0), RequestError)
        call = route(agents)
        assert call.address == A
        assert call.report(refused(), 0.0) is None
        assert isinstance(call.report(OK, 0.0), Response)
        assert succeeds(agents) == B

    def test_a_trial_that_nobody_reports_ends_by_itself(self) -> None:
        agents = make_agents()
        fails(agents, A)
        assert route(agents, now=1.0).address == A
        assert [succeeds(agents, now=now) for now in (1.5, 2.0)] == [B, A]


#: What can come of one attempt, and whether Consul may have carried the request out.
OUTCOMES: list[tuple[Any, bool]] = [
    (lambda: OK, True),
    (lambda: Response(500, body=b"any other"), True),
    (lambda: BAD_GATEWAY, True),
    (lambda: Response(503), True),
    (lambda: LOST_SERVER, True),
    (lambda: NO_LEADER, False),
    (lambda: LIMITED, False),
    (lambda: NO_SERVERS, False),
    (refused, False),
    (reset, True),
    (lambda: RequestTimeout("late"), True),
    (lambda: RequestTimeout("could not connect", maybe_applied=False), False),
    (lambda: stale(sent=True), True),
    (lambda: stale(sent=False), False),
    (lambda: Cancelled("cancelled", maybe_applied=True), True),
    (lambda: ClientClosed("closed", maybe_applied=False), False),
]


@given(st.data())
def test_whatever_happens_a_write_is_sent_again_only_if_it_certainly_had_no_effect(data: st.DataObject) -> None:
    """And every call ends with an answer or an error, after at most one attempt more than there are agents."""
    addresses = (A, B, C)[: data.draw(st.integers(2, 3))]
    order: AgentOrder = data.draw(st.sampled_from(["given", "random"]))
    agents = Agents(addresses, order, lambda: data.draw(st.floats(0, 1)))
    now = 0.0
    for _ in range(data.draw(st.integers(1, 8))):
        request = data.draw(st.sampled_from([READ, WRITE, Request("PUT", "/v1/txn"), Request("PUT", "/v1/session/create"), query_on("7")]))
        call = agents.route(request, data.draw(st.sampled_from([None, 10.0])), now)
        was_applied, attempts, ended = False, 0, False
        while not ended:
            assert request.method == "GET" or not was_applied, "it was sent again although it may have had an effect"
            outcome, may_be_applied = data.draw(st.sampled_from(OUTCOMES))
            was_applied, attempts = was_applied or may_be_applied, attempts + 1
            now += data.draw(st.floats(0, 6))
            made = outcome()
            result = call.report(made, now)
            ended = result is not None
            if isinstance(result, RequestError):
                assert result.maybe_applied or not was_applied
        assert attempts <= len(addresses) + 1


class TestTheAnswerOfOneOfSeveralAgents:
    def test_an_error_names_the_agent_and_what_the_others_said(self) -> None:
        response = AgentResponse(500, body=b"No cluster leader", address=B, earlier=f"{A} said: the connection was refused")
        for call in (Operations().kv.put("k", "v"), Operations().kv.stream_records("a/")):
            with pytest.raises(NoLeader) as caught:
                call.decode(response)
            assert caught.value.address == B
            assert caught.value.message == f"No cluster leader; {A} said: the connection was refused"

    def test_an_answer_that_is_changed_is_still_an_answer(self) -> None:
        changed = replace(AgentResponse(500, body=b"a", address=B), body=b"b")
        assert (changed.body, changed.address, changed.earlier) == (b"b", None, "")

    def test_the_answer_of_the_only_agent_names_none(self) -> None:
        assert (Response(200).address, Response(200).earlier) == (None, "")
