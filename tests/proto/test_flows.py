"""The calls that take several requests."""

from __future__ import annotations

import json

import pytest

from consul_proto.api import Operations
from consul_proto.endpoints.kv import KV
from consul_proto.errors import CASFailed, Forbidden, KeyNotFound, NotFound, RequestError, TransactionFailed
from consul_proto.flow import Flow, Sleep, call, sleep
from consul_proto.message import Headers, Response
from consul_proto.namespace import Pure
from tests.proto.flows import Script

api = Operations()
kv: KV[Pure] = api.kv


def _found(index: int, flags: int = 0, value: str = "dg==") -> Response:
    return Response(200, body=json.dumps([{"Key": "k", "Flags": flags, "ModifyIndex": index, "Value": value}]).encode())


MISSING, TRUE, FALSE = Response(404, Headers([("X-Consul-Index", "7")])), Response(200, body=b"true"), Response(200, body=b"false")


class TestSet:
    def test_a_new_key(self) -> None:
        script = Script([MISSING, TRUE])
        assert script.run(kv.set("k", "w")) is None
        assert script.sent == [("GET", "/v1/kv/k", None), ("PUT", "/v1/kv/k?cas=0", b"w")]

    def test_a_key_keeps_its_flags(self) -> None:
        script = Script([_found(7, flags=42), TRUE])
        script.run(kv.set("k", [1]))
        assert script.sent[1] == ("PUT", "/v1/kv/k?flags=42&cas=7", b"[1]")

    def test_a_lost_race_is_tried_again(self) -> None:
        script = Script([_found(7), FALSE, _found(9), TRUE])
        script.run(kv.set("k", "w", datacenter="dc2"))
        assert [target for _, target, _ in script.sent] == [
            "/v1/kv/k?dc=dc2",
            "/v1/kv/k?cas=7&dc=dc2",
            "/v1/kv/k?dc=dc2",
            "/v1/kv/k?cas=9&dc=dc2",
        ]

    def test_races_that_are_always_lost(self) -> None:
        script = Script([_found(7), FALSE] * 16)
        with pytest.raises(CASFailed, match="changed 'k' before each of 16 attempts") as raised:
            script.run(kv.set("k", "w"))
        assert isinstance(raised.value, KeyError)
        assert raised.value.maybe_applied is False
        assert len(script.sent) == 32

    def test_a_lost_answer_is_no_lost_race(self) -> None:
        script = Script([_found(7), RequestError("reset")])
        with pytest.raises(RequestError, match="reset"):
            script.run(kv.set("k", "w"))
        assert len(script.sent) == 2

    def test_a_value_that_cannot_be_stored(self) -> None:
        with pytest.raises(TypeError):
            kv.set("k", {1, 2})  # type: ignore[arg-type] # the point of the test


class TestMany:
    def test_put_in_batches_of_64(self) -> None:
        script = Script([Response(200, body=b'{"Results": [], "Errors": null}')] * 3)
        script.run(kv.put_many({f"k{number}": number for number in range(130)}))
        bodies = [json.loads(body or b"") for _, _, body in script.sent]
        assert [len(body) for body in bodies] == [64, 64, 2]
        assert bodies[0][0] == {"KV": {"Verb": "set", "Key": "k0", "Value": "MA==", "Flags": 0}}
        assert {(method, target) for method, target, _ in script.sent} == {("PUT", "/v1/txn")}

    def test_put_in_batches_of_512_kib(self) -> None:
        script = Script([Response(200, body=b'{"Results": null, "Errors": null}')] * 3)
        script.run(kv.put_many({f"k{number}": b"x" * 180_000 for number in range(6)}))
        assert [len(json.loads(body or b"")) for _, _, body in script.sent] == [2, 2, 2]
        assert all(len(body or b"") <= 512 * 1024 for _, _, body in script.sent)

    def test_put_of_nothing(self) -> None:
        script = Script([])
        script.run(kv.put_many({}))
        assert script.sent == []

    def test_put_of_a_value_that_fits_no_transaction(self) -> None:
        large = b"x" * 400_000
        script = Script(
            [Response(200, body=b'{"Results": [], "Errors": null}'), TRUE, Response(200, body=b'{"Results": [], "Errors": null}')]
        )
        script.run(kv.put_many({"a": 1, "k/l": large, "b": 2}, flags={"k/l": 7}, datacenter="dc2"))
        assert [(method, target) for method, target, _ in script.sent] == [
            ("PUT", "/v1/txn?dc=dc2"),
            ("PUT", "/v1/kv/k/l?flags=7&dc=dc2"),
            ("PUT", "/v1/txn?dc=dc2"),
        ]
        assert script.sent[1][2] == large

    def test_put_with_flags(self) -> None:
        for flags, expected in ((7, [7, 7]), ({"b": 9}, [0, 9])):
            script = Script([Response(200, body=b'{"Results": [], "Errors": null}')])
            script.run(kv.put_many({"a": 1, "b": 2}, flags=flags))
            assert [each["KV"]["Flags"] for each in json.loads(script.sent[0][2] or b"")] == expected

    def test_what_is_wrong_is_said_before_anything_is_sent(self) -> None:
        for build in (
            lambda: kv.put_many({"a": 1, "": 2}),
            lambda: kv.put_many({"a": 1, "b": float("nan")}),
            lambda: kv.get_many(["a", ""]),
            lambda: kv.delete_many(["a", ""]),
            lambda: kv.set("a//b", 1),
        ):
            with pytest.raises(ValueError, match=r"\w"):
                build()

    def test_get_raw(self) -> None:
        results = {"Results": [{"KV": {"Key": "a", "Value": "MQ=="}}], "Errors": None}
        assert Script([Response(200, body=json.dumps(results).encode())]).run(kv.get_many(["a"], raw=True)) == {"a": b"1"}

    def test_a_large_value_of_a_key_without_a_path_is_for_consul_to_judge(self) -> None:
        script = Script([Response(413, body=b"too large")])
        with pytest.raises(Exception, match="too large"):
            script.run(kv.put_many({"a//b": b"x" * 400_000}))
        assert script.sent[0][1] == "/v1/txn"

    def test_a_value_larger_than_a_transaction_is_for_consul_to_judge(self) -> None:
        script = Script([Response(413, body=b"too large")])
        with pytest.raises(Exception, match="too large"):
            script.run(kv.put_many({"k": b"x" * 600_000}))

    def test_delete(self) -> None:
        script = Script([Response(200, body=b'{"Results": null, "Errors": null}')])
        script.run(kv.delete_many(["a", "b"]))
        assert json.loads(script.sent[0][2] or b"") == [{"KV": {"Verb": "delete", "Key": key}} for key in "ab"]

    def test_get(self) -> None:
        results = {"Results": [{"KV": {"Key": "a", "Value": "MQ=="}}, {"KV": {"Key": "b", "Value": None}}], "Errors": None}
        script = Script([Response(200, body=json.dumps(results).encode())])
        assert script.run(kv.get_many(["a", "b", "a"])) == {"a": 1, "b": ""}
        assert json.loads(script.sent[0][2] or b"") == [{"KV": {"Verb": "get", "Key": key}} for key in "ab"]

    def test_get_without_the_keys_that_are_missing(self) -> None:
        errors = {
            "Results": None,
            "Errors": [{"OpIndex": 0, "What": 'key "a" doesn\'t exist'}, {"OpIndex": 2, "What": 'key "c" doesn\'t exist'}],
        }
        results = {"Results": [{"KV": {"Key": "b", "Value": "eA=="}}], "Errors": None}
        script = Script([Response(409, body=json.dumps(errors).encode()), Response(200, body=json.dumps(results).encode())])
        assert script.run(kv.get_many(list("abc"))) == {"b": "x"}
        assert json.loads(script.sent[1][2] or b"") == [{"KV": {"Verb": "get", "Key": "b"}}]

    def test_get_where_all_are_missing(self) -> None:
        errors = {"Results": None, "Errors": [{"OpIndex": 0, "What": 'key "a" doesn\'t exist'}]}
        script = Script([Response(409, body=json.dumps(errors).encode())])
        assert script.run(kv.get_many(["a"])) == {}

    @pytest.mark.parametrize(
        ("what", "kind"), [("Permission denied", Forbidden), ("something else", TransactionFailed)], ids=["forbidden", "failed"]
    )
    def test_get_that_fails(self, what: str, kind: type[Exception]) -> None:
        errors = {"Results": None, "Errors": [{"OpIndex": 0, "What": what}]}
        with pytest.raises(kind, match=f"operation 0: {what}"):
            Script([Response(409, body=json.dumps(errors).encode())]).run(kv.get_many(["a"]))


class TestLegacyACL:
    INFO = Response(200, body=b'[{"ID": "x", "Name": "n"}]')

    def test_clone(self) -> None:
        script = Script([self.INFO, Response(200, body=b'{"ID": "y"}')])
        assert script.run(api.acl.clone("x")) == "y"
        assert script.sent == [("GET", "/v1/acl/info/x", None), ("PUT", "/v1/acl/clone/x", None)]

    def test_destroy(self) -> None:
        script = Script([self.INFO, TRUE])
        assert script.run(api.acl.destroy("x")) is True
        assert script.sent == [("GET", "/v1/acl/info/x", None), ("PUT", "/v1/acl/destroy/x", None)]

    def test_an_unknown_one(self) -> None:
        for flow in (api.acl.clone("x"), api.acl.destroy("x")):
            script = Script([Response(200, body=b"[]")])
            with pytest.raises(NotFound):
                script.run(flow)
            assert len(script.sent) == 1


class TestFlow:
    def test_a_flow_may_sleep(self) -> None:
        def waiting() -> Flow[bool]:
            yield from sleep(0.5)
            return (yield from call(kv.contains("k")))

        flow = waiting()
        assert next(flow) == Sleep(0.5)
        operation = flow.send(None)
        assert not isinstance(operation, Sleep)
        assert operation.request.target == "/v1/kv/k"
        with pytest.raises(StopIteration) as stopped:
            flow.send(MISSING)
        assert stopped.value.value is False

    def test_a_driver_must_answer(self) -> None:
        flow = call(kv.get("k"))
        next(flow)
        with pytest.raises(TypeError, match="answered an operation with None"):
            flow.send(None)

    def test_a_flow_can_catch(self) -> None:
        def forgiving() -> Flow[str]:
            try:
                yield from call(kv.read("k"))
            except KeyNotFound:
                return "caught"
            return "read"

        assert Script([MISSING]).run(forgiving()) == "caught"
