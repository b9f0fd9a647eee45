"""The endpoints of the legacy ACL system, up to Consul 1.10. https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy

The ID of a legacy token is its secret, and some of these calls carry it in their path: errors and reprs show a placeholder instead.
Newer agents answer with LegacyACLRemoved; the documented calls of `client.acl` work there, too.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Literal

from consul_proto.decode import boolean, each, first, member, plain_text
from consul_proto.errors import LegacyACLRemoved, words
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation, T
from consul_proto.options import NOTHING, json_body, read_operation, write_operation
from consul_proto.paths import checked_text, segment

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.acl import LegacyACL
    from consul_proto.types.options import ACLReadOptions

_TYPES = (None, "client", "management")

#: Without the ID, which is a secret.
MISSING = "no ACL token with this ID"


def _removed(response: Response) -> LegacyACLRemoved | None:
    """Return the error for the answers of Consul 1.11 to 1.14 (410) and newer (404)."""
    if response.status == 410 or (response.status == 404 and b"Invalid URL path" in response.body):
        said = words(response.body)
        return LegacyACLRemoved(f"{said}; this agent is newer than Consul 1.10, the last with the legacy ACL API", maybe_applied=False)
    return None


def _body(acl_id: str | None, name: str | None, acl_type: str | None, rules: str | None) -> bytes:
    if acl_type not in _TYPES:
        raise ValueError(f"acl_type must be 'client' or 'management', not {acl_type!r}")
    return json_body({"ID": acl_id, "Name": name, "Type": acl_type, "Rules": rules})


def _secret_segment(acl_id: str) -> str:
    try:
        return segment(acl_id, "an ACL ID")
    except ValueError:
        raise ValueError("an ACL ID must not be empty or contain line breaks or other unprintable characters") from None


def _updated(response: Response) -> bool:
    return bool(member("ID")(response))


def _write(verb: str, acl_id: str, read: Callable[[Response], T]) -> Operation[T]:
    path = f"/v1/acl/{verb}/"
    name, shown = f"acl.legacy.{verb}", path + "{acl_id}"
    return write_operation(name, path + _secret_segment(acl_id), read, {}, defaults=NOTHING, explain=_removed, shown_path=shown)


class Legacy(Namespace[M]):
    """The endpoints of the legacy ACL system, up to Consul 1.10. Each call is one request.

    On newer agents, these calls raise LegacyACLRemoved. `client.acl.create` and the other documented calls work on every version.
    """

    @operation
    def create(
        self,
        name: str | None = None,
        acl_type: Literal["client", "management"] | None = None,
        rules: str | None = None,
        *,
        acl_id: str | None = None,
    ) -> Operation[str]:
        """Create a token and return its ID, which is its secret.

        name: a description for people. acl_type: "client" (also if it is None), or "management", which allows everything.
        rules: HCL or JSON text. acl_id: the ID of the new token; None: Consul chooses a UUID.

        Raises Forbidden, ACLDisabled, LegacyACLRemoved, ServerError for bad rules.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#create-acl-token
        """
        body = _body(acl_id, name, acl_type, rules)
        return write_operation("acl.legacy.create", "/v1/acl/create", member("ID"), {}, body=body, defaults=NOTHING, explain=_removed)

    @operation
    def update(
        self, acl_id: str, name: str | None = None, acl_type: Literal["client", "management"] | None = None, rules: str | None = None
    ) -> Operation[bool]:
        """Change a token, or create it if the ID is unknown. Return True.

        name, acl_type, rules: as for `create`. What is left out becomes empty, also the rules.

        Raises Forbidden, ACLDisabled, LegacyACLRemoved, ServerError for bad rules and for a token that is not a legacy one.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#update-acl-token
        """
        _secret_segment(acl_id)
        body = _body(acl_id, name, acl_type, rules)
        return write_operation("acl.legacy.update", "/v1/acl/update", _updated, {}, body=body, defaults=NOTHING, explain=_removed)

    @operation
    def info(self, acl_id: str, **options: Unpack[ACLReadOptions]) -> Operation[LegacyACL]:
        """Return a token. It needs no rights, since the ID is a secret.

        Raises NotFound for an unknown ID and for a token that is not a legacy one, ACLDisabled, LegacyACLRemoved.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#read-acl-token
        """
        return read_operation(
            "acl.legacy.info",
            "/v1/acl/info/" + _secret_segment(acl_id),
            first(MISSING),
            options,
            defaults=("consistency",),
            explain=_removed,
            shown_path="/v1/acl/info/{acl_id}",
        )

    @operation
    def list(self, **options: Unpack[ACLReadOptions]) -> Operation[builtins.list[LegacyACL]]:
        """Return every legacy token. Raises Forbidden, ACLDisabled, LegacyACLRemoved.

        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#list-acls
        """
        return read_operation("acl.legacy.list", "/v1/acl/list", each, options, defaults=("consistency",), explain=_removed)

    @operation
    def clone(self, acl_id: str) -> Operation[str]:
        """Make a copy of a token and return the copy's ID, which is its secret.

        Raises Forbidden without the rights and for an unknown ID, ACLDisabled, LegacyACLRemoved.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#clone-acl-token
        """
        return _write("clone", acl_id, member("ID"))

    @operation
    def destroy(self, acl_id: str) -> Operation[bool]:
        """Delete a token. Return True, also for an unknown ID. Raises Forbidden, ACLDisabled, LegacyACLRemoved.

        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#delete-acl-token
        """
        return _write("destroy", acl_id, boolean)

    @operation
    def rules_translate(self, rules: str) -> Operation[str]:
        """Return legacy rules in the syntax of policies, as HCL. From Consul 1.4 to 1.10.

        rules: HCL or JSON text. Raises ClientError for rules that cannot be parsed, Forbidden, ACLDisabled, LegacyACLRemoved.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/acl#translate-rules
        """
        name, path = "acl.legacy.rules_translate", "/v1/acl/rules/translate"
        body = checked_text(rules, "rules").encode() if rules else b""
        return write_operation(name, path, plain_text, {}, body=body, method="POST", defaults=NOTHING, explain=_removed)

    @operation
    def rules_translate_token(self, accessor_id: str) -> Operation[str]:
        """Return the rules of a legacy token in the syntax of policies, as HCL. From Consul 1.4 to 1.10.

        accessor_id: the token's accessor ID; `acl.token.list` shows it. The leader gives one to a legacy token shortly after it is made.

        Raises Forbidden, also for an unknown accessor ID, ServerError for a token without rules, ACLDisabled, LegacyACLRemoved.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/acl#translate-a-legacy-token-s-rules
        """
        path = "/v1/acl/rules/translate/" + segment(accessor_id, "an accessor ID")
        return read_operation("acl.legacy.rules_translate_token", path, plain_text, {}, defaults=NOTHING, blocks=None, explain=_removed)
