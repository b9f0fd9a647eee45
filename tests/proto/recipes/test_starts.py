"""The record of the last start of a job: how it is read, and who has written it if an answer was lost."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from consul_proto.errors import Forbidden, LockLost, NoLeader, RequestError, RequestTimeout, ServerError, TransactionFailed
from consul_proto.flow import Flow, Sleep
from consul_proto.message import Headers, Response
from consul_proto.recipes.starts import ATTEMPTS, JobLock, LastStart, passes, read_last_start, record_start
from tests.proto.recipes.lock_states import NO_LEADER, TAKEN
from tests.recipes.script import Script

_NO_LEADER = Response(500, body=b"No cluster leader")
_WRITTEN = Response(200, body=b'{"Results": [{"KV": {"ModifyIndex": 7}}, {"KV": {"ModifyIndex": 21}}], "Errors": null}')
_MISSING = Response(404, Headers([("X-Consul-Index", "5")]))
_LOST = RequestError("the connection was reset", maybe_applied=True)


def _refused(*positions: int) -> Response:
    errors = [{"OpIndex": position, "What": "failed"} for position in positions]
    return Response(409, body=json.dumps({"Results": None, "Errors": errors}).encode())


def _entry(value: bytes) -> Response:
    return Response(
        200,
        body=json.dumps(
            [{"Key": "k_last_run", "Flags": 0, "LockIndex": 0, "CreateIndex": 8, "ModifyIndex": 9, "Value": b64encode(value).decode()}]
        ).encode(),
    )


def _run(flow: Flow[Any], *answers: Response | RequestError) -> tuple[Any, list[Any], list[float]]:
    """Drive a flow. Return its value, the bodies or targets that were sent, and the pauses."""
    left, sent, pauses = iter(answers), [], []
    try:
        step = next(flow)
        while True:
            if isinstance(step, Sleep):
                pauses.append(step.seconds)
                step = flow.send(None)
                continue
            body = step.request.body
            sent.append([{**each["KV"]} for each in json.loads(body)] if isinstance(body, bytes) else step.request.target)
            answer = next(left)
            step = flow.throw(answer) if isinstance(answer, RequestError) else flow.send(answer)
    except StopIteration as stop:
        assert next(left, None) is None
        return stop.value, sent, pauses


def _read(*answers: Response | RequestError) -> tuple[Any, list[Any], list[float]]:
    return _run(read_last_start("k", lambda: 1.0), *answers)


def _record(*answers: Response | RequestError) -> tuple[Any, list[Any], list[float]]:
    return _run(record_start("k", "s", 20, LastStart(1.0, 9), 1800000000.25, lambda: 1.0), *answers)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_MISSING, LastStart(None, 0)),
        (_entry(b"1800000000"), LastStart(1800000000.0, 9)),
        (_entry(b"1800000000.250"), LastStart(1800000000.25, 9)),
        (_entry(b""), LastStart(None, 9)),
    ],
)
def test_a_record_is_read_consistently(answer: Response, expected: LastStart) -> None:
    assert _read(answer) == (expected, ["/v1/kv/k_last_run?consistent"], [])


@pytest.mark.parametrize("value", [b"soon", b"nan", b"-inf", b"\xff"])
def test_another_value_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="'k_last_run' must be the time of the last start"):
        _read(_entry(value))


def test_a_read_waits_for_a_leader_but_not_without_end() -> None:
    assert _read(_NO_LEADER, _NO_LEADER, _MISSING)[2] == [0.1, 0.2]
    with pytest.raises(NoLeader):
        _read(*[_NO_LEADER] * ATTEMPTS)
    for answer in (_LOST, Response(403, body=b"Permission denied")):
        with pytest.raises((RequestError, Forbidden)):
            _read(answer)


def test_a_start_is_written_if_the_lock_is_held_and_nobody_else_wrote_one() -> None:
    written, sent, pauses = _record(_WRITTEN)
    assert (written, pauses) == (True, [])
    value = b64encode(b"1800000000.250").decode()
    assert sent == [
        [
            {"Verb": "check-session", "Key": "k", "Session": "s"},
            {"Verb": "cas", "Key": "k_last_run", "Value": value, "Flags": 0, "Index": 9},
        ]
    ]


def test_a_start_of_another_is_noticed() -> None:
    assert _record(_refused(1))[0] is False
    assert _record(_NO_LEADER, _refused(1))[0] is False


@pytest.mark.parametrize("answers", [[_refused(0)], [_refused(0, 1)], [_LOST, _refused(1), _refused(0)]])
def test_a_lost_lock_is_noticed(answers: list[Response | RequestError]) -> None:
    with pytest.raises(LockLost, match="before the start was recorded"):
        _record(*answers)


def test_after_a_lost_answer_the_index_tells_whose_record_it_is() -> None:
    """Ours is younger than the lock that we hold."""
    assert _record(_LOST, _WRITTEN)[0] is True
    written, sent, pauses = _record(_LOST, _refused(1), _NO_LEADER, _WRITTEN)
    assert (written, pauses) == (True, [0.1, 0.1])
    assert sent[-1] == [{"Verb": "check-session", "Key": "k", "Session": "s"}, {"Verb": "get", "Key": "k_last_run"}]
    older = Response(200, body=b'{"Results": [{"KV": {"ModifyIndex": 20}}, {"KV": {"ModifyIndex": 19}}], "Errors": null}')
    assert _record(_LOST, _refused(1), older)[0] is False
    assert _record(_LOST, _refused(1), _refused(1))[0] is False


def test_a_write_is_not_tried_without_end() -> None:
    with pytest.raises(RequestError):
        _record(*[_LOST] * ATTEMPTS)
    with pytest.raises(RequestTimeout):
        _record(RequestTimeout("no answer in time", maybe_applied=True))
    with pytest.raises(Forbidden):
        _record(Response(403, body=b"Permission denied"))


def test_what_passes_with_a_leader() -> None:
    assert passes(NoLeader("No cluster leader", status=500))
    assert passes(ServerError("rpc error", status=500, body=b"rpc error"))
    assert not passes(_LOST)
    assert not passes(TransactionFailed("failed"))


def _looking() -> Script:
    """The lock of a job that has its session, and looks at its key."""
    script = Script(JobLock("k", ttl="10s", timeout=3))
    script.begin()
    script.answer("create", "s1", 0.0)
    return script


def test_the_lock_of_a_job_does_not_wait_for_its_holder() -> None:
    script = _looking()
    script.answer("look", [TAKEN], 1.0, index=7)
    (gave_up,) = script.told
    assert gave_up.error.is_time_over


def test_the_lock_of_a_job_waits_for_a_leader_until_its_time_is_over() -> None:
    script = _looking()
    script.fail("look", NO_LEADER, 0.0)
    assert script.told == []
    script.advance(3.0)
    (gave_up,) = script.told
    assert not gave_up.error.is_time_over
    assert gave_up.error.message == "the lock 'k' was not acquired within 3 s: No cluster leader"
