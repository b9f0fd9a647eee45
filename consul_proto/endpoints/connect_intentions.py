"""Intentions: which service may connect to which (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/connect/intentions"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Literal, cast

from consul_proto.decode import boolean, each, json_value, member, one, wrong
from consul_proto.errors import ClientError, words
from consul_proto.failures import missing_object
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import SCOPE, json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.connect_intentions import IntentionMatchOptions, IntentionMembers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.query import Names
    from consul_proto.types.connect_intentions import Intention
    from consul_proto.types.intention_permissions import IntentionJWTRequirement, IntentionPermission
    from consul_proto.types.options import DatacenterOption, DatacenterReadOptions, FilteredReadOptions, ReadManyOptions, Scope

_PATH = "/v1/connect/intentions"
_EXACT = _PATH + "/exact"

_ACTIONS = ("allow", "deny")
_SIDES = ("source", "destination")

#: The client's settings that apply to the calls by ID.
_SCOPE = ("datacenter", "namespace")

#: A keyword of these calls -> the member of the body.
_MEMBERS = {
    "description": "Description",
    "meta": "Meta",
    "source_type": "SourceType",
    "source_ns": "SourceNS",
    "destination_ns": "DestinationNS",
    "source_partition": "SourcePartition",
    "destination_partition": "DestinationPartition",
    "source_peer": "SourcePeer",
    "source_sameness_group": "SourceSamenessGroup",
    "permissions": "Permissions",
    "jwt": "JWT",
    "default_addr": "DefaultAddr",
    "default_port": "DefaultPort",
}


def _action(action: str | None) -> str | None:
    if action is not None and action not in _ACTIONS:
        raise ValueError(f"the action of an intention must be 'allow' or 'deny', not {action!r}")
    return action


def _by_id(intention_id: str) -> str:
    return f"{_PATH}/{segment(intention_id, 'an intention ID')}"


def _written(source: str, destination: str, action: str, options: Mapping[str, object]) -> tuple[dict[str, object], bytes]:
    """Return the query and the body for the calls by ID."""
    query = {name: value for name, value in options.items() if name not in _MEMBERS}
    members = {"SourceName": source, "DestinationName": destination, "Action": _action(action)}
    return query, json_body(members | {_MEMBERS[name]: value for name, value in options.items() if name in _MEMBERS})


def _explain_exact(response: Response) -> ClientError | None:
    """Return the error of an agent before 1.9, which takes "exact" for the ID of an intention."""
    if response.status in (400, 500) and b"UUID must be 36 characters" in response.body:
        older = "this agent is older than Consul 1.9, and knows intentions only by ID: use create, read, update and delete"
        return ClientError(f"{words(response.body)}; {older}", maybe_applied=False)
    return None


def _matches(response: Response) -> dict[str, list[Intention]]:
    """Return the intentions by name; null for a name without any becomes an empty list."""
    found = one(response)
    if not all(isinstance(intentions, list | None) for intentions in found.values()):
        raise wrong("an object of lists", found)
    return {name: intentions or [] for name, intentions in found.items()}


def _allowed(response: Response) -> bool:
    value = json_value(response)
    if not isinstance(value, dict) or not isinstance(value.get("Allowed"), bool):
        raise wrong("an object with a boolean Allowed", value)
    return cast("bool", value["Allowed"])


class Intentions(Namespace[M]):
    """Say which service may connect to which, and find out which may.

    Since Consul 1.9 an intention is identified by its two services: use `upsert`, `read_exact` and `delete_exact`. The calls with an ID
    are for older agents. Consul writes intentions in the primary datacenter, whatever `datacenter` says.
    """

    @operation
    def list(self, **options: Unpack[FilteredReadOptions[Intention]]) -> Operation[builtins.list[Intention]]:
        """Return the intentions that the token may read, the one with the highest precedence first.

        https://developer.hashicorp.com/consul/api-docs/connect/intentions#list-intentions
        """
        return read_operation("connect.intentions.list", _PATH, each, options)

    @operation
    def upsert(
        self,
        source: str,
        destination: str,
        *,
        action: Literal["allow", "deny"] | None = None,
        permissions: Sequence[IntentionPermission] | None = None,
        description: str | None = None,
        meta: Mapping[str, str] | None = None,
        jwt: IntentionJWTRequirement | None = None,
        source_type: str | None = None,
        source_peer: str | None = None,
        source_sameness_group: str | None = None,
        **options: Unpack[Scope],
    ) -> Operation[bool]:
        """Create or replace the intention for two services, and return True. Since 1.9.

        client.connect.intentions.upsert("web", "db", action="allow")

        source, destination: names of services, "*" for all of them. In Consul Enterprise also "namespace/name" and
        "partition/namespace/name". Since 1.16, a source can be "peer:<peer>/<name>".
        action: what happens to every connection. permissions: what happens to single requests, instead; the destination's protocol must
        be HTTP. Consul wants exactly one of the two.
        description: a text for people. meta: metadata; it cannot be changed here. jwt: the JSON Web Tokens that requests need
        (since 1.16). source_type: "consul", the only one. source_peer, source_sameness_group: where the source is (since 1.13 and 1.16).

        Raises ValueError for an unknown action, Forbidden, ServerError if Consul refuses the intention.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#upsert-intention-by-name
        """
        members = {
            # Newer agents take the names from the query. Without them here, an older agent would answer as if the token lacked a rule.
            "SourceName": source,
            "DestinationName": destination,
            "Action": _action(action),
            "Permissions": None if permissions is None else [*permissions],
            "Description": description,
            "Meta": meta,
            "JWT": jwt,
            "SourceType": source_type,
            "SourcePeer": source_peer,
            "SourceSamenessGroup": source_sameness_group,
        }
        names = {"source": source, "destination": destination, **options}
        return write_operation("connect.intentions.upsert", _EXACT, boolean, names, body=json_body(members), explain=_explain_exact)

    @operation
    def read_exact(self, source: str, destination: str, **options: Unpack[ReadManyOptions]) -> Operation[Intention]:
        """Return the intention for two services. Since 1.9. For the names, see `upsert`.

        Raises NotFound if no intention names exactly these two services; `check` says whether they may connect. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#read-specific-intention-by-name
        """
        names = {"source": source, "destination": destination, **options}
        return read_operation("connect.intentions.read_exact", _EXACT, one, names, blocks=None, explain=_explain_exact)

    @operation
    def delete_exact(self, source: str, destination: str, **options: Unpack[Scope]) -> Operation[bool]:
        """Delete the intention for two services, and return True, even if there was none. Since 1.9. For the names, see `upsert`.

        Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#delete-intention-by-name
        """
        names = {"source": source, "destination": destination, **options}
        return write_operation("connect.intentions.delete_exact", _EXACT, boolean, names, method="DELETE", explain=_explain_exact)

    @operation
    def match(
        self, by: Literal["source", "destination"], name: Names, **options: Unpack[IntentionMatchOptions]
    ) -> Operation[dict[str, builtins.list[Intention]]]:
        """Return the intentions for a service as {name: [intention]}, in the order in which Consul tries them.

        client.connect.intentions.match("destination", "db")["db"]

        by: whether the service connects ("source") or is connected to ("destination"). name: the service, or several of them.
        It blocks since 1.9, and takes `cached` since then.

        Raises ValueError for another side, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#list-matching-intentions
        """
        if by not in _SIDES:
            raise ValueError(f"by must be 'source' or 'destination', not {by!r}")
        return read_operation("connect.intentions.match", _PATH + "/match", _matches, {"by": by, "name": name, **options})

    @operation
    def check(self, source: str, destination: str, *, source_type: str | None = None, **options: Unpack[Scope]) -> Operation[bool]:
        """Return whether a service may connect to another one, as intentions and the default policy of ACLs say.

        if not client.connect.intentions.check("web", "db"): ...

        source, destination: names of services. source_type: "consul", the only one.
        An intention with permissions for single requests counts as a denial. A proxy asks `agent.connect.authorize`, which is faster.

        Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#check-intention-result
        """
        query = {"source": source, "destination": destination, "source_type": source_type, **options}
        return read_operation("connect.intentions.check", _PATH + "/check", _allowed, query, defaults=SCOPE, blocks=None)

    @operation
    def create(
        self, source_name: str, destination_name: str, action: Literal["allow", "deny"], **options: Unpack[IntentionMembers]
    ) -> Operation[str]:
        """Create an intention and return its ID. This is for agents before Consul 1.9, which replaced it with `upsert`.

        source_name, destination_name: names of services, "*" for all of them. For the other parameters, see `IntentionMembers`.

        Raises ValueError for an unknown action, Forbidden, ServerError if there is one for these services, or if Consul refuses it.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#create-intention-with-id
        """
        query, body = _written(source_name, destination_name, action, options)
        return write_operation("connect.intentions.create", _PATH, member("ID"), query, body=body, method="POST", defaults=_SCOPE)

    @operation
    def read(self, intention_id: str, **options: Unpack[DatacenterReadOptions]) -> Operation[Intention]:
        """Return an intention that `create` made. For others, see `read_exact`.

        Raises NotFound for an unknown ID, Forbidden, ClientError for an ID that is not a UUID.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#read-specific-intention-by-id
        """
        path = _by_id(intention_id)
        return read_operation("connect.intentions.read", path, one, options, defaults=("datacenter", "consistency"), blocks=None)

    @operation
    def update(
        self,
        intention_id: str,
        source_name: str,
        destination_name: str,
        action: Literal["allow", "deny"],
        **options: Unpack[IntentionMembers],
    ) -> Operation[str]:
        """Replace an intention that `create` made, and return its ID. Its services cannot change. For the parameters, see `create`.

        Raises ValueError for an unknown action, NotFound for an unknown ID, Forbidden, ServerError for other services.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#update-intention-by-id
        """
        query, body = _written(source_name, destination_name, action, options)
        path = _by_id(intention_id)
        return write_operation("connect.intentions.update", path, member("ID"), query, body=body, defaults=_SCOPE, explain=missing_object)

    @operation
    def delete(self, intention_id: str, **options: Unpack[DatacenterOption]) -> Operation[bool]:
        """Delete an intention that `create` made, and return True. For others, see `delete_exact`.

        Raises NotFound for an unknown ID, Forbidden, ServerError for an ID that is not a UUID.
        https://developer.hashicorp.com/consul/api-docs/connect/intentions#delete-intention-by-id
        """
        return write_operation(
            "connect.intentions.delete",
            _by_id(intention_id),
            boolean,
            options,
            method="DELETE",
            defaults=("datacenter",),
            explain=missing_object,
        )
