"""The service mesh and prepared queries: what their special answers mean, and that no key or token is ever shown."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from consul_proto import errors
from consul_proto.api import Operations
from consul_proto.message import Headers, Response
from consul_proto.operation import Operation

api = Operations()

_KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPh5bJqVW3gVS0Y4ZK2c\n-----END EC PRIVATE KEY-----\n"


def _failed(operation: Operation[Any], status: int, body: bytes) -> errors.ConsulateException:
    with pytest.raises(errors.ConsulateException) as raised:
        operation.decode(Response(status, body=body))
    return raised.value


def _shown(error: errors.ConsulateException) -> str:
    return f"{error!s} {error!r} {error.body!r} {error.args!r} {pickle.loads(pickle.dumps(error)).body!r}"


class TestTheCertificateAuthority:
    @pytest.mark.parametrize(
        "quoted", [_KEY, _KEY.replace("\n", "\\n"), "MHcCAQEEIPh5bJqVW3gVS0Y4ZK2c"], ids=["as it is", "escaped", "one line"]
    )
    @pytest.mark.parametrize("name", ["PrivateKey", "private_key"])
    def test_an_error_does_not_quote_the_private_key(self, name: str, quoted: str) -> None:
        body = f'error parsing private key "{quoted}": asn1: syntax error'.encode()
        error = _failed(api.connect.ca.config_set("consul", {name: _KEY}), 500, body)
        assert "MHcCAQ" not in _shown(error)
        assert 'error parsing private key "' in str(error)
        assert "asn1: syntax error" in str(error)
        assert (type(error), error.status, error.maybe_applied) == (errors.ServerError, 500, True)
        assert error.body.startswith(b"error parsing private key")

    @pytest.mark.parametrize(
        "config", [{"Token": "s3cr3t"}, {"AuthMethod": {"Type": "approle", "Params": {"secret_id": "s3cr3t", "n": 1}}}], ids=str
    )
    def test_an_error_does_not_quote_what_logs_in_to_vault(self, config: dict[str, object]) -> None:
        error = _failed(api.connect.ca.config_set("vault", config), 403, b"Permission denied: s3cr3t")
        assert "s3cr3t" not in _shown(error)
        assert isinstance(error, errors.Forbidden)

    def test_an_error_quotes_what_is_no_secret(self) -> None:
        operation = api.connect.ca.config_set("consul", {"LeafCertTTL": "1s", "PrivateKey": "", "Token": _KEY})
        said = b"leaf cert TTL must be greater or equal than 1h0m0s, not 1s"
        assert _failed(operation, 500, said).body == said

    def test_a_configuration_is_not_in_the_repr(self) -> None:
        assert "BEGIN" not in repr(api.connect.ca.config_set("consul", {"PrivateKey": _KEY}))

    @pytest.mark.parametrize("body", [b'{"ActiveRootID": ""}', b"", b"<html>"])
    def test_certificates_that_are_not_pem(self, body: bytes) -> None:
        error = _failed(api.connect.ca.roots_pem(), 200, body)
        assert isinstance(error, errors.DecodeError)
        assert f"expected certificates in PEM, got {len(body)} bytes" in str(error)


class TestALeaf:
    def test_an_answer_of_another_shape_is_not_kept(self) -> None:
        error = _failed(api.agent.connect.ca_leaf("web"), 200, b'{"PrivateKeyPEM": "MHcCAQ')
        assert isinstance(error, errors.DecodeError)
        assert "MHcCAQ" not in _shown(error)
        assert error.body == b"<hidden: it may contain a private key>"

    def test_an_operation_does_not_show_what_it_reads(self) -> None:
        operation = api.agent.connect.ca_leaf("web")
        leaf = operation.decode(Response(200, body=b'{"PrivateKeyPEM": "MHcCAQ"}'))
        assert leaf["PrivateKeyPEM"] == "MHcCAQ"
        assert "MHcCAQ" not in repr(operation)


class TestIntentions:
    @pytest.mark.parametrize(
        "operation",
        [
            api.connect.intentions.upsert("web", "db", action="allow"),
            api.connect.intentions.read_exact("web", "db"),
            api.connect.intentions.delete_exact("web", "db"),
        ],
        ids=lambda operation: str(operation.name),
    )
    @pytest.mark.parametrize("status", [400, 500])
    def test_an_agent_that_knows_intentions_only_by_id(self, operation: Operation[Any], status: int) -> None:
        error = _failed(operation, status, b"failed intention lookup: index error: UUID must be 36 characters")
        assert type(error) is errors.ClientError
        assert "this agent is older than Consul 1.9" in str(error)
        assert error.maybe_applied is False

    @pytest.mark.parametrize(
        "operation",
        [
            api.connect.intentions.update("i", "web", "db", "deny"),
            api.connect.intentions.delete("i"),
            api.query.update("q", {"Service": "web"}),
            api.query.update("q", {"Service": "web"}, token="s3cr3t"),
            api.query.delete("q"),
        ],
        ids=lambda operation: str(operation.name),
    )
    def test_what_does_not_exist_cannot_be_changed(self, operation: Operation[Any]) -> None:
        for before in (b"", b"rpc error making call: "):
            error = _failed(operation, 500, before + b"Cannot modify non-existent intention: 'i'")
            assert type(error) is errors.NotFound
            assert error.maybe_applied is False
        assert type(_failed(operation, 500, b"raft apply failed")) is errors.ServerError

    @pytest.mark.parametrize("body", [b"true", b"{}", b'{"Allowed": "yes"}', b'{"Allowed": null}'])
    def test_a_check_is_a_boolean_or_an_error(self, body: bytes) -> None:
        assert isinstance(_failed(api.connect.intentions.check("web", "db"), 200, body), errors.DecodeError)

    @pytest.mark.parametrize("body", [b"[]", b'{"web": 1}', b'{"web": {}}'])
    def test_matches_of_another_shape(self, body: bytes) -> None:
        assert isinstance(_failed(api.connect.intentions.match("source", "web"), 200, body), errors.DecodeError)

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda intentions: intentions.upsert("web", "db", action="maybe"), "must be 'allow' or 'deny', not 'maybe'"),
            (lambda intentions: intentions.create("web", "db", "maybe"), "must be 'allow' or 'deny', not 'maybe'"),
            (lambda intentions: intentions.update("i", "web", "db", "maybe"), "must be 'allow' or 'deny', not 'maybe'"),
            (lambda intentions: intentions.match("both", "web"), "by must be 'source' or 'destination', not 'both'"),
            (lambda intentions: intentions.match("source", ["web", ""]), "name must not be empty"),
            (lambda intentions: intentions.read_exact("", "db"), "source must not be empty"),
            (lambda intentions: intentions.read(""), "an intention ID must not be empty"),
        ],
    )
    def test_what_consul_always_refuses(self, call: Callable[[Any], Any], says: str) -> None:
        with pytest.raises(ValueError, match=says):
            call(api.connect.intentions)


class TestPreparedQueries:
    @pytest.mark.parametrize(
        "operation",
        [api.query.create({"Service": "web"}, token="s3cr3t"), api.query.update("q", {"Service": "web"}, token="s3cr3t")],
        ids=lambda operation: str(operation.name),
    )
    def test_the_token_of_a_query_is_not_shown(self, operation: Operation[Any]) -> None:
        assert "s3cr3t" not in repr(operation)
        error = _failed(operation, 403, b"ACL not found: s3cr3t")
        assert "s3cr3t" not in _shown(error)
        assert isinstance(error, errors.Forbidden)

    def test_what_is_hidden_does_not_change_what_an_error_means(self) -> None:
        operation = api.query.update("q", {"Service": "web"}, token="s3cr3t")
        missing = _failed(operation, 500, b"Cannot modify non-existent prepared query: 's3cr3t'")
        assert isinstance(missing, errors.NotFound)
        assert "'<hidden>'" in str(missing)

    def test_lists_that_are_null_are_empty(self) -> None:
        execute = api.query.execute("web")
        assert execute.decode(Response(200, body=b'{"Nodes": null}'))["Nodes"] == []
        [found] = execute.decode(Response(200, body=b'{"Nodes": [{"Service": {"Tags": null}, "Checks": null}]}'))["Nodes"]
        assert (found["Service"]["Tags"], found["Checks"]) == ([], [])

    @pytest.mark.parametrize("body", [b"[]", b'{"Nodes": 1}', b'{"Nodes": [1]}', b'{"Nodes": [{"Service": null}]}'])
    def test_what_is_found_has_another_shape(self, body: bytes) -> None:
        assert isinstance(_failed(api.query.execute("web"), 200, body), errors.DecodeError)


class TestCoordinates:
    def test_a_node_without_a_coordinate(self) -> None:
        operation = api.coordinate.node("n")
        with pytest.raises(errors.NotFound, match="no such node, or it has no coordinate yet$"):
            operation.decode(Response(404, Headers([("X-Consul-Default-Acl-Policy", "deny")])))
        error = _failed(operation, 404, b"")
        assert type(error) is errors.ClientError
        assert (
            "no such node, or it has no coordinate yet; or the agent has no such endpoint, or something other than Consul answered"
            in str(error)
        )
        assert "remove disable_coordinates" in str(_failed(operation, 401, b"Coordinate support disabled"))

    def test_a_coordinate_of_no_node(self) -> None:
        with pytest.raises(ValueError, match="a node name must not be empty"):
            api.coordinate.update("", {"Vec": [], "Error": 0, "Adjustment": 0, "Height": 0})


def test_a_managed_proxy_that_is_not_there() -> None:
    operation = api.agent.connect.proxy_config("web-proxy")
    assert "no managed proxy with this ID, or an agent that is newer than Consul 1.5" in str(_failed(operation, 404, b""))
    assert "the agent has no such endpoint" in str(_failed(operation, 404, b"Invalid URL path: not a recognized HTTP API endpoint"))
    assert type(_failed(operation, 403, b"Permission denied")) is errors.Forbidden
