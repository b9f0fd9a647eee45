"""The documented ACL calls on Consul 1.11 and newer: what they send, by scripted answers. Conformance runs them on real agents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from consul_proto.acl_rules import policy_rules
from consul_proto.api import Operations
from consul_proto.errors import ClientError, ConsulateException, DecodeError, Forbidden, NotFound, RequestError, ServerError
from consul_proto.flow import Flow
from consul_proto.message import Response
from tests.proto.flows import Script

acl = Operations().acl

#: Secrets, accessors and IDs of policies.
SECRET, COPY, NEW = (f"{letter * 8}-0000-0000-0000-000000000000" for letter in "abc")
ACCESSOR, COPIED = "11111111-aaaa", "22222222-bbbb"
OWN, OTHER, GLOBAL = "policy-1", "policy-2", "00000000-0000-0000-0000-000000000001"
NAME = f"consulate-acl-{ACCESSOR}"
DESCRIPTION = "The rules of one token, made by acl.create of Consulate. acl.destroy deletes them with the token."
RULES = 'key "a" { policy = "read" }'

GONE = Response(404, body=b"Invalid URL path: not a recognized HTTP API endpoint\n")
REMOVED = Response(410, body=b"Endpoint /v1/acl/list for the legacy ACL system was removed in Consul 1.11.")
TRUE, EMPTY = Response(200, body=b"true"), Response(200, body=b"[]")
NO_TOKEN = Response(403, body=b"token does not exist: ACL not found")
NO_POLICY = Response(404, body=b"Requested policy does not exist: ACL not found")
DENIED = Response(403, body=b"Permission denied: token with AccessorID 'x' lacks permission 'acl:write'")
BAD_RULES = Response(500, body=b"Failed to parse ACL rules: At 1:5: object expected closing RBRACE got: EOF")


def _json(value: object) -> Response:
    return Response(200, body=json.dumps(value).encode())


def _token(policies: Mapping[str, str] | None = None, **members: Any) -> dict[str, Any]:
    links = [{"ID": policy_id, "Name": name} for policy_id, name in (policies or {}).items()]
    token = {"AccessorID": ACCESSOR, "SecretID": SECRET, "Description": "n", "Local": False, "CreateIndex": 7, "ModifyIndex": 8, **members}
    return {**token, "Policies": links} if links else token


def _policy(**members: Any) -> dict[str, Any]:
    return {"ID": OWN, "Name": NAME, "Description": DESCRIPTION, "Rules": policy_rules(RULES), **members}


TOKEN, POLICY = _json(_token({OWN: NAME})), _json(_policy())
BARE = _json(_token())


def _requests(script: Script) -> list[tuple[Any, ...]]:
    """Return what was sent, with bodies as Python values."""
    return [(method, target, *([json.loads(body)] if body else [])) for method, target, body in script.sent]


def _fails(flow: Flow[Any], *answers: Response | ConsulateException) -> tuple[ConsulateException, list[tuple[Any, ...]]]:
    """Return the error of a flow, and what was sent after the legacy call."""
    script = Script([GONE, *answers])
    with pytest.raises(ConsulateException) as raised:
        script.run(flow)
    return raised.value, _requests(script)[1:]


def _runs(flow: Flow[Any], *answers: Response) -> tuple[Any, list[tuple[Any, ...]]]:
    """Return the value of a flow, and what was sent after the legacy call."""
    script = Script([GONE, *answers])
    value = script.run(flow)
    assert len(script.sent) == len(answers) + 1
    return value, _requests(script)[1:]


LOOK = ("GET", f"/v1/acl/policy/name/{NAME}")
SELF = ("GET", "/v1/acl/token/self")
NEW_POLICY = ("PUT", "/v1/acl/policy", {"Name": NAME, "Description": DESCRIPTION, "Rules": policy_rules(RULES)})
TOKENS_OF, ROLES_OF = ("GET", f"/v1/acl/tokens?policy={OWN}"), ("GET", f"/v1/acl/roles?policy={OWN}")
DELETE_TOKEN, DELETE_POLICY = ("DELETE", f"/v1/acl/token/{ACCESSOR}"), ("DELETE", f"/v1/acl/policy/{OWN}")


def _linked(*links: str, accessor: str = ACCESSOR, **members: Any) -> tuple[Any, ...]:
    return (
        "PUT",
        f"/v1/acl/token/{accessor}",
        {"Description": "n", "Policies": [{"ID": link} for link in links], "Local": False, **members},
    )


#: What a new token gets besides.
NOTHING: dict[str, Any] = {"Roles": [], "ServiceIdentities": [], "NodeIdentities": []}


@pytest.mark.parametrize("gone", [GONE, REMOVED], ids=["since 1.15", "since 1.11"])
def test_each_call_tries_the_legacy_endpoint_first(gone: Response) -> None:
    flows: list[tuple[Flow[Any], tuple[Any, ...]]] = [
        (acl.create("n"), ("PUT", "/v1/acl/create", {"Name": "n", "Type": "client"})),
        (acl.update(SECRET, "n"), ("PUT", "/v1/acl/update", {"ID": SECRET, "Name": "n", "Type": "client"})),
        (acl.info(SECRET), ("GET", f"/v1/acl/info/{SECRET}")),
        (acl.list(), ("GET", "/v1/acl/list")),
        (acl.clone(SECRET), ("GET", f"/v1/acl/info/{SECRET}")),
        (acl.destroy(SECRET), ("GET", f"/v1/acl/info/{SECRET}")),
    ]
    for flow, first in flows:
        script = Script([gone, DENIED])
        with pytest.raises(Forbidden):
            script.run(flow)
        assert _requests(script)[0] == first
        assert len(script.sent) == 2


def test_on_an_agent_with_the_legacy_system_nothing_else_is_sent() -> None:
    made = {"CreateIndex": 1, "ModifyIndex": 2, "ID": "x", "Name": "n", "Type": "client", "Rules": ""}
    for flow, answer, value in (
        (acl.create("n"), {"ID": "x"}, "x"),
        (acl.update("x", "n"), {"ID": "x"}, True),
        (acl.info("x"), [made], made),
        (acl.list(), [made], [made]),
    ):
        script = Script([_json(answer)])
        assert script.run(flow) == value


class TestCreate:
    def test_without_rules_a_token_without_policies(self) -> None:
        value, sent = _runs(acl.create("n"), BARE)
        assert value == SECRET
        assert sent == [("PUT", "/v1/acl/token", {"Description": "n", "Policies": []})]

    def test_management(self) -> None:
        value, sent = _runs(acl.create("n", "management"), BARE)
        assert value == SECRET
        assert sent == [("PUT", "/v1/acl/token", {"Description": "n", "Policies": [{"ID": GLOBAL}]})]

    def test_rules_are_a_policy_that_the_token_gets_last(self) -> None:
        value, sent = _runs(acl.create("n", "client", RULES), BARE, POLICY, TOKEN)
        assert value == SECRET
        assert sent == [("PUT", "/v1/acl/token", {"Description": "n", "Policies": []}), NEW_POLICY, _linked(OWN, **NOTHING)]
        assert 'key_prefix "a"' in sent[1][2]["Rules"]

    def test_management_with_rules(self) -> None:
        _, sent = _runs(acl.create("n", "management", RULES), BARE, POLICY, TOKEN)
        assert sent[0] == ("PUT", "/v1/acl/token", {"Description": "n", "Policies": []})
        assert sent[2] == _linked(OWN, GLOBAL, **NOTHING)

    def test_a_refused_token(self) -> None:
        error, sent = _fails(acl.create("n", rules=RULES), DENIED)
        assert type(error) is Forbidden
        assert len(sent) == 1

    def test_bad_rules_leave_nothing(self) -> None:
        error, sent = _fails(acl.create("n", rules="key {"), BARE, BAD_RULES, TRUE, NO_POLICY)
        assert type(error) is ServerError
        assert str(error).endswith("RBRACE got: EOF; the new token was deleted again")
        assert error.maybe_applied is False
        assert sent[2:] == [DELETE_TOKEN, LOOK]

    @pytest.mark.parametrize("gone", [TRUE, Response(404, body=b"Cannot find token to delete")])
    def test_a_link_that_fails_leaves_nothing(self, gone: Response) -> None:
        error, sent = _fails(acl.create("n", rules=RULES), BARE, POLICY, RequestError("reset"), gone, POLICY, TRUE)
        assert type(error) is RequestError
        assert "reset; the new token was deleted again" in str(error)
        assert error.maybe_applied is False
        assert sent[3:] == [DELETE_TOKEN, LOOK, DELETE_POLICY]

    @pytest.mark.parametrize(
        "answers", [[DENIED, NO_POLICY], [TRUE, DENIED], [TRUE, POLICY, DENIED], [RequestError("a"), RequestError("b")]]
    )
    def test_what_may_be_left_is_said(self, answers: list[Response | ConsulateException]) -> None:
        error, _ = _fails(acl.create("n", rules=RULES), BARE, BAD_RULES, *answers)
        assert type(error) is ServerError
        assert error.maybe_applied is True
        assert f"the new token (accessor ID {ACCESSOR}) or its policy {NAME} may be left" in str(error)
        assert SECRET not in str(error)

    @pytest.mark.parametrize(
        "members",
        [
            {"AccessorID": None},
            {"AccessorID": ""},
            {"Policies": [{"ID": ""}]},
            {"SecretID": 1},
            {"Policies": {"a": 1}},
            {"Policies": [{}]},
            {"Local": None},
        ],
    )
    def test_a_token_of_another_shape(self, members: dict[str, Any]) -> None:
        error, _ = _fails(acl.create("n"), _json(_token(**members)))
        assert type(error) is DecodeError
        assert error.path == "/v1/acl/token"

    def test_a_policy_of_another_shape(self) -> None:
        error, _ = _fails(acl.create("n", rules=RULES), BARE, _json({"ID": OWN}), TRUE, NO_POLICY)
        assert type(error) is DecodeError
        assert "a policy with ID, Name, Description and Rules" in str(error)


class TestUpdate:
    def test_of_rules(self) -> None:
        value, sent = _runs(acl.update(SECRET, "n", rules='key "b" {}'), TOKEN, POLICY, POLICY, TOKEN)
        assert value is True
        change = {"Name": NAME, "Description": DESCRIPTION, "Rules": 'key_prefix "b" {}'}
        assert sent == [SELF, LOOK, ("PUT", f"/v1/acl/policy/{OWN}", change), _linked(OWN)]

    def test_of_a_token_without_rules(self) -> None:
        _, sent = _runs(acl.update(SECRET, "n", "management", RULES), BARE, NO_POLICY, POLICY, TOKEN)
        assert sent == [SELF, LOOK, NEW_POLICY, _linked(OWN, GLOBAL)]

    def test_to_no_rules(self) -> None:
        _, sent = _runs(acl.update(SECRET, "n", "management"), TOKEN, POLICY, TOKEN, EMPTY, EMPTY, TRUE)
        assert sent == [SELF, LOOK, _linked(GLOBAL), TOKENS_OF, ROLES_OF, DELETE_POLICY]

    def test_replaces_the_links_to_policies_that_create_did_not_make(self) -> None:
        token = _json(_token({OTHER: "web"}, Local=True, Roles=[{"ID": "r", "Name": "r"}]))
        _, sent = _runs(acl.update(SECRET, "n"), token, NO_POLICY, TOKEN)
        assert sent == [SELF, LOOK, _linked(Local=True)]

    def test_of_an_unknown_uuid_creates(self) -> None:
        value, sent = _runs(acl.update(SECRET, "n", rules=RULES), NO_TOKEN, BARE, POLICY, TOKEN)
        assert value is True
        assert sent[1] == ("PUT", "/v1/acl/token", {"SecretID": SECRET, "Description": "n", "Policies": []})
        assert sent[2:] == [NEW_POLICY, _linked(OWN, **NOTHING)]

    @pytest.mark.parametrize("acl_id", ["my-token", "é", f"{SECRET}0", " "])
    def test_of_an_unknown_id_that_is_no_uuid(self, acl_id: str) -> None:
        error, sent = _fails(acl.update(acl_id, "n"), NO_TOKEN)
        assert type(error) is ClientError
        assert "takes only UUIDs as IDs of new tokens; use a UUID, or acl.create" in str(error).replace("<hidden>", acl_id)
        assert error.maybe_applied is False
        assert all(request == SELF for request in sent)

    def test_a_token_that_cannot_be_changed_keeps_its_rules(self) -> None:
        error, sent = _fails(acl.update(SECRET, "n", rules='key "b" {}'), TOKEN, POLICY, POLICY, DENIED, POLICY)
        assert type(error) is Forbidden
        assert "; its rules are the old ones again" in str(error)
        assert error.maybe_applied is False
        old = {"Name": NAME, "Description": DESCRIPTION, "Rules": policy_rules(RULES)}
        assert sent[4] == ("PUT", f"/v1/acl/policy/{OWN}", old)

    def test_rules_that_stay_changed_are_said(self) -> None:
        error, _ = _fails(acl.update(SECRET, "n", rules=RULES), TOKEN, POLICY, POLICY, DENIED, DENIED)
        assert f"its rules, in the policy {NAME}, may be the new ones" in str(error)
        assert error.maybe_applied is True

    def test_a_new_policy_of_a_token_that_cannot_be_changed_is_deleted(self) -> None:
        error, sent = _fails(acl.update(SECRET, "n", rules=RULES), BARE, NO_POLICY, POLICY, DENIED, EMPTY, EMPTY, TRUE)
        assert "; its new policy was deleted again" in str(error)
        assert sent[4:] == [TOKENS_OF, ROLES_OF, DELETE_POLICY]

    def test_a_new_policy_that_may_be_left_is_said(self) -> None:
        error, _ = _fails(acl.update(SECRET, "n", rules=RULES), BARE, NO_POLICY, POLICY, RequestError("reset"), DENIED)
        assert f"its new policy {NAME} may be left" in str(error)
        assert error.maybe_applied is True

    def test_without_rules_there_is_nothing_to_undo(self) -> None:
        error, sent = _fails(acl.update(SECRET, "n"), BARE, NO_POLICY, DENIED)
        assert str(error).endswith("lacks permission 'acl:write' (give a token that has the rule, with token= or CONSUL_HTTP_TOKEN)")
        assert len(sent) == 3

    def test_a_policy_that_is_no_longer_needed_and_may_be_left_is_said(self) -> None:
        error, _ = _fails(acl.update(SECRET, "n"), TOKEN, POLICY, TOKEN, DENIED)
        assert f"the token was changed, but its policy {NAME} may be left: delete it with acl.policy.delete('{OWN}')" in str(error)
        assert error.maybe_applied is True


class TestInfo:
    def test_the_token_is_read_with_its_own_secret(self) -> None:
        script = Script([GONE, TOKEN, POLICY])
        assert script.run(acl.info(SECRET, consistency="stale")) == {
            "CreateIndex": 7, "ModifyIndex": 8, "ID": SECRET, "Name": "n", "Type": "client", "Rules": RULES,
        }  # fmt: skip
        assert script.tokens == [None, SECRET, None]
        assert _requests(script)[1:] == [("GET", "/v1/acl/token/self?stale"), ("GET", f"/v1/acl/policy/{OWN}?stale")]

    def test_a_management_token(self) -> None:
        value, _ = _runs(acl.info(SECRET), _json(_token({GLOBAL: "global-management"})))
        assert (value["Type"], value["Rules"]) == ("management", "")

    def test_other_policies_are_shown_as_they_are(self) -> None:
        other = _json(_policy(ID=OTHER, Name="web", Rules='key "b" {}'))
        value, _ = _runs(acl.info(SECRET), _json(_token({OWN: NAME, GLOBAL: "g", OTHER: "web"})), POLICY, other)
        assert (value["Type"], value["Rules"]) == ("management", f'{RULES}\nkey "b" {{}}')

    def test_a_policy_that_was_deleted_meanwhile(self) -> None:
        value, _ = _runs(acl.info(SECRET), TOKEN, NO_POLICY)
        assert value["Rules"] == ""

    def test_rules_that_the_client_may_not_read(self) -> None:
        error, _ = _fails(acl.info(SECRET), TOKEN, DENIED)
        assert type(error) is Forbidden

    @pytest.mark.parametrize(
        "answer", [NO_TOKEN, Response(404, body=b"Supplied token does not exist"), Response(403, body=b"ACL not found")]
    )
    def test_an_unknown_id(self, answer: Response) -> None:
        for flow in (acl.info(SECRET), acl.clone(SECRET), acl.destroy(SECRET)):
            error, sent = _fails(flow, answer)
            assert type(error) is NotFound
            assert "no ACL token with this ID" in str(error)
            assert sent == [SELF]

    def test_an_id_that_no_header_can_carry(self) -> None:
        error, sent = _fails(acl.info("é"))
        assert type(error) is NotFound
        assert error.path == "/v1/acl/token/self"
        assert sent == []

    def test_no_error_shows_the_id(self) -> None:
        echo = Response(500, body=f"X-Consul-Token: {SECRET}".encode())
        for flow in (acl.info(SECRET), acl.update(SECRET, "n"), acl.clone(SECRET), acl.destroy(SECRET)):
            error, _ = _fails(flow, echo)
            assert SECRET not in str(error) + repr(error) + repr(vars(error))
        error, _ = _fails(acl.update(SECRET, "n"), NO_TOKEN, echo)
        assert SECRET not in str(error) + repr(error) + repr(vars(error))


class TestList:
    def test_each_policy_is_read_once(self) -> None:
        tokens = [_token({OWN: NAME}), _token({OWN: NAME, GLOBAL: "g"}, SecretID=COPY), _token(SecretID=NEW, Description="")]
        value, sent = _runs(acl.list(consistency="stale"), _json(tokens), POLICY)
        assert [(one["ID"], one["Name"], one["Type"], one["Rules"]) for one in value] == [
            (SECRET, "n", "client", RULES),
            (COPY, "n", "management", RULES),
            (NEW, "", "client", ""),
        ]
        assert sent == [("GET", "/v1/acl/tokens?stale"), ("GET", f"/v1/acl/policy/{OWN}?stale")]

    def test_secrets_that_consul_hides(self) -> None:
        error, _ = _fails(acl.list(), _json([_token(SecretID="<hidden>")]))
        assert type(error) is Forbidden
        assert error.path == "/v1/acl/tokens"
        assert "without the rule acl:write" in str(error)


class TestClone:
    COPY_TOKEN = _json(_token({OWN: NAME, OTHER: "web"}, AccessorID=COPIED, SecretID=COPY))

    def test_the_copy_gets_its_own_rules(self) -> None:
        copied = _json(_policy(ID="policy-3"))
        value, sent = _runs(acl.clone(SECRET), TOKEN, POLICY, self.COPY_TOKEN, copied, BARE)
        assert value == COPY
        assert sent == [
            SELF,
            LOOK,
            ("PUT", f"/v1/acl/token/{ACCESSOR}/clone", {}),
            ("PUT", "/v1/acl/policy", {"Name": f"consulate-acl-{COPIED}", "Description": DESCRIPTION, "Rules": policy_rules(RULES)}),
            ("PUT", f"/v1/acl/token/{COPIED}", {
                "Description": "n", "Policies": [{"ID": "policy-3"}, {"ID": OTHER, "Name": "web"}], "Local": False, **NOTHING,
            }),
        ]  # fmt: skip

    def test_the_copy_keeps_all_other_rights(self) -> None:
        rights: dict[str, Any] = {
            "Roles": [{"ID": "r", "Name": "r"}],
            "ServiceIdentities": [{"ServiceName": "web"}],
            "NodeIdentities": [{"NodeName": "n", "Datacenter": "dc1"}],
            "TemplatedPolicies": [{"TemplateName": "builtin/dns"}],
        }
        copy = _json(_token({OWN: NAME}, AccessorID=COPIED, SecretID=COPY, **rights))
        _, sent = _runs(acl.clone(SECRET), TOKEN, POLICY, copy, _json(_policy(ID="policy-3")), BARE)
        assert sent[4] == _linked("policy-3", accessor=COPIED, **rights)

    @pytest.mark.parametrize("policies", [{}, {OTHER: "web"}])
    def test_of_a_token_without_own_rules(self, policies: dict[str, str]) -> None:
        value, sent = _runs(acl.clone(SECRET), _json(_token(policies)), self.COPY_TOKEN)
        assert value == COPY
        assert sent == [SELF, ("PUT", f"/v1/acl/token/{ACCESSOR}/clone", {})]

    def test_a_copy_that_fails_leaves_nothing(self) -> None:
        error, sent = _fails(acl.clone(SECRET), TOKEN, POLICY, self.COPY_TOKEN, DENIED, TRUE, NO_POLICY)
        assert type(error) is Forbidden
        assert "; the new token was deleted again" in str(error)
        assert sent[4:] == [("DELETE", f"/v1/acl/token/{COPIED}"), ("GET", f"/v1/acl/policy/name/consulate-acl-{COPIED}")]


class TestDestroy:
    def test_the_policy_goes_with_the_token(self) -> None:
        value, sent = _runs(acl.destroy(SECRET), TOKEN, POLICY, TRUE, EMPTY, EMPTY, TRUE)
        assert value is True
        assert sent == [SELF, LOOK, DELETE_TOKEN, TOKENS_OF, ROLES_OF, DELETE_POLICY]

    @pytest.mark.parametrize("answers", [(_json([_token()]), EMPTY), (EMPTY, _json([{"ID": "r"}]))], ids=["a token", "a role"])
    def test_a_policy_that_something_else_uses_stays(self, answers: tuple[Response, Response]) -> None:
        _, sent = _runs(acl.destroy(SECRET), TOKEN, POLICY, TRUE, *answers)
        assert DELETE_POLICY not in sent

    @pytest.mark.parametrize("members", [{"Description": ""}, {"Description": "mine"}, {"Name": "web"}])
    def test_a_policy_that_create_did_not_make_stays(self, members: dict[str, str]) -> None:
        _, sent = _runs(acl.destroy(SECRET), TOKEN, _json(_policy(**members)), TRUE)
        assert sent == [SELF, LOOK, DELETE_TOKEN]

    def test_a_policy_that_the_token_does_not_link_to_any_more_goes_too(self) -> None:
        _, sent = _runs(acl.destroy(SECRET), _json(_token({OTHER: "web"})), POLICY, TRUE, EMPTY, EMPTY, TRUE)
        assert sent[-1] == DELETE_POLICY

    def test_the_shared_policy_of_a_copy_that_acl_token_clone_made(self) -> None:
        copy = _json(_token({OWN: NAME}, AccessorID=COPIED, SecretID=COPY))
        _, sent = _runs(acl.destroy(COPY), copy, NO_POLICY, POLICY, TRUE, EMPTY, EMPTY, TRUE)
        assert sent[1:3] == [("GET", f"/v1/acl/policy/name/consulate-acl-{COPIED}"), LOOK]
        assert sent[-1] == DELETE_POLICY

    def test_a_policy_that_is_deleted_meanwhile(self) -> None:
        assert _runs(acl.destroy(SECRET), TOKEN, POLICY, TRUE, EMPTY, EMPTY, Response(404, body=b"Cannot find policy to delete"))[0] is True

    def test_before_1_15_an_unknown_policy_looks_like_an_unknown_token(self) -> None:
        _, sent = _runs(acl.destroy(SECRET), BARE, Response(403, body=b"ACL not found"), TRUE)
        assert sent == [SELF, LOOK, DELETE_TOKEN]

    def test_nothing_is_deleted_without_the_rights(self) -> None:
        error, sent = _fails(acl.destroy(SECRET), TOKEN, DENIED)
        assert type(error) is Forbidden
        assert sent == [SELF, LOOK]

    def test_a_token_that_may_be_deleted(self) -> None:
        error, _ = _fails(acl.destroy(SECRET), TOKEN, POLICY, RequestError("reset"))
        assert f"reset; if the token was deleted nevertheless, its policy {NAME} is left: delete it" in str(error)
        error, _ = _fails(acl.destroy(SECRET), BARE, NO_POLICY, RequestError("reset"))
        assert str(error).endswith("reset")

    def test_a_policy_that_may_be_left_is_said(self) -> None:
        error, _ = _fails(acl.destroy(SECRET), TOKEN, POLICY, TRUE, RequestError("reset", maybe_applied=False))
        assert type(error) is RequestError
        assert error.maybe_applied is True
        assert f"the token was deleted, but its policy {NAME} may be left" in str(error)
