"""The documented ACL calls on Consul 1.11 and newer, which have no legacy ACL system: flows over tokens and policies.

- The documented ID is the token's SecretID, and the name is its description.
- The rules are a policy of the token's own. Its name ends with the token's accessor ID, and its description says where it comes from: both
  together tell that `create` made it. A token gets its policy last, so that what an interrupted call leaves has no rights.
- A token of the type "management" links to the policy global-management.

Tokens that were made otherwise can be used too. Their rules are those of all their policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consul_proto.acl_rules import legacy_rules, policy_rules
from consul_proto.decode import each, one, wrong
from consul_proto.endpoints.acl_answers import explain_own_token
from consul_proto.endpoints.acl_legacy import MISSING
from consul_proto.endpoints.acl_policy import Policy
from consul_proto.endpoints.acl_role import Role
from consul_proto.endpoints.acl_token import Token
from consul_proto.errors import ClientError, ConsulateException, Forbidden, NotFound
from consul_proto.flow import call
from consul_proto.namespace import Pure

if TYPE_CHECKING:
    from consul_proto.flow import Flow
    from consul_proto.message import Response
    from consul_proto.operation import Operation
    from consul_proto.types.acl import ACLOptions, LegacyACL
    from consul_proto.types.acl_links import ACLLink, ACLLinkByID
    from consul_proto.types.acl_policy import ACLPolicy
    from consul_proto.types.acl_token import ACLToken, ACLTokenListEntry, TokenChangeOptions, TokenCreateOptions

_tokens: Token[Pure] = Token()
_policies: Policy[Pure] = Policy()
_roles: Role[Pure] = Role()

#: The policy that allows everything. Every cluster has it.
_GLOBAL_MANAGEMENT = "00000000-0000-0000-0000-000000000001"

POLICY_NAME = "consulate-acl-"
_POLICY_DESCRIPTION = "The rules of one token, made by acl.create of Consulate. acl.destroy deletes them with the token."

#: For reads on which a write depends, whatever the client's own setting is.
_CURRENT: ACLOptions = {"consistency": "default"}

#: The IDs of tokens and policies, as they stand in paths.
_ID = re.compile(r"[0-9A-Za-z-]+")

#: Consul takes nothing else as a SecretID.
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

#: The SecretID in a list for somebody who may not write tokens.
_HIDDEN = "<hidden>"


def create(name: str, acl_type: str | None, rules: str | None, acl_id: str | None = None) -> Flow[str]:
    """Create a token, and a policy if there are rules. Return the token's secret. acl_id: the secret; None: Consul chooses it."""
    links = _type_links(acl_type)
    options: TokenCreateOptions = {"description": name, "policies": [] if rules else links}
    if acl_id is not None:
        options["secret_id"] = acl_id
    token = yield from call(_read_token(_tokens.create(**options)))
    if rules:
        try:
            yield from _give_rules(token, policy_rules(rules), links)
        except ConsulateException as error:
            yield from _delete_again(token, error)
            raise
    return token["SecretID"]


def update(acl_id: str, name: str, acl_type: str | None, rules: str | None) -> Flow[bool]:
    """Change a token, or create it if the ID is unknown."""
    token = yield from _find(acl_id)
    if token is None:
        if not _UUID.fullmatch(acl_id):
            says = f"{MISSING}, and Consul since 1.11 takes only UUIDs as IDs of new tokens; use a UUID, or acl.create, which returns one"
            raise _error(ClientError, says, _tokens.self())
        yield from create(name, acl_type, rules, acl_id)
        return True
    made = yield from _made_policies(token)
    links = _type_links(acl_type)
    own = _policy_name(token)
    before = made.pop(own, None) if rules else None
    policy = None
    if rules:
        policy = yield from _write_rules(token, policy_rules(rules), before)
        links = [{"ID": policy["ID"]}, *links]
    try:
        yield from call(_tokens.update(token["AccessorID"], description=name, policies=links, local=token["Local"]))
    except ConsulateException as error:
        if policy is not None:
            yield from _restore(policy, before, error)
        raise
    yield from _delete_unused(made.values(), "the token was changed")
    return True


def info(acl_id: str, options: ACLOptions) -> Flow[LegacyACL]:
    """Return a token in the shape of the legacy system."""
    token = yield from _get(acl_id, options)
    return (yield from _describe(token, {}, options))


def every(options: ACLOptions) -> Flow[list[LegacyACL]]:
    """Return all tokens in the shape of the legacy system."""
    read = _read_tokens(_tokens.list(**options))
    tokens = yield from call(read)
    if any(token["SecretID"] == _HIDDEN for token in tokens):
        raise _error(Forbidden, "Consul hides the secrets of tokens, which are their documented IDs, without the rule acl:write", read)
    rules: dict[str, str] = {}
    found = []
    for token in tokens:
        described = yield from _describe(token, rules, options)
        found.append(described)
    return found


def clone(acl_id: str) -> Flow[str]:
    """Make a copy of a token, with its own copy of the rules, and return the secret of the copy."""
    token = yield from _get(acl_id)
    own = _policy_name(token)
    policy = (yield from _made_policy(own)) if own in _link_names(token) else None
    copy = yield from call(_read_token(_tokens.clone(token["AccessorID"])))
    if policy is not None:
        try:
            others = [link for link in _links(copy) if link["ID"] != policy["ID"]]
            yield from _give_rules(copy, policy["Rules"], others)
        except ConsulateException as error:
            yield from _delete_again(copy, error)
            raise
    return copy["SecretID"]


def destroy(acl_id: str) -> Flow[bool]:
    """Delete a token, and the policy that was made for it."""
    token = yield from _get(acl_id)
    made = yield from _made_policies(token)
    try:
        yield from call(_tokens.delete(token["AccessorID"]))
    except ConsulateException as error:
        if made and error.maybe_applied:
            error.add(f"if the token was deleted nevertheless, its policy {', '.join(made)} is left: delete it")
        raise
    yield from _delete_unused(made.values(), "the token was deleted")
    return True


# Tokens.


def _type_links(acl_type: str | None) -> list[ACLLinkByID]:
    return [{"ID": _GLOBAL_MANAGEMENT}] if acl_type == "management" else []


def _links(token: ACLToken) -> list[ACLLink]:
    return token.get("Policies") or []


def _link_names(token: ACLToken) -> list[str]:
    return [link.get("Name", "") for link in _links(token)]


def _is_id(value: object) -> bool:
    """Return whether a value can be the ID of a token or policy, which goes into the paths of other requests."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _checked_token(token: Any) -> Any:
    """Return a token. Raises DecodeError if it lacks a member that is used here."""
    texts = [token.get(name) for name in ("SecretID", "Description")]
    if not _is_id(token.get("AccessorID")) or not all(isinstance(text, str) for text in texts) or not isinstance(token.get("Local"), bool):
        raise wrong("a token with AccessorID, SecretID, Description and Local", token)
    links = token.get("Policies") or []
    if not isinstance(links, list) or not all(isinstance(link, dict) and _is_id(link.get("ID")) for link in links):
        raise wrong("a token whose Policies have IDs", links)
    return token


def _token(response: Response) -> Any:
    return _checked_token(one(response))


def _token_list(response: Response) -> list[Any]:
    return [_checked_token(token) for token in each(response)]


def _read_token(operation: Operation[ACLToken]) -> Operation[ACLToken]:
    return replace(operation, read=_token)


def _read_tokens(operation: Operation[list[ACLTokenListEntry]]) -> Operation[list[ACLToken]]:
    """Return the same read, but of tokens with secrets. Consul lists them since 1.10.1."""
    tokens: Operation[Any] = operation
    return replace(tokens, read=_token_list)


def _unknown(response: Response) -> NotFound | None:
    """Return NotFound if Consul does not know the token of the request, which is the one that the call is about."""
    if explain_own_token(response) is not None or (response.status == 403 and b"ACL not found" in response.body):
        return NotFound(MISSING, maybe_applied=False)
    return None


def _error(kind: type[ClientError], says: str, operation: Operation[Any]) -> ClientError:
    """Return the error for an answer that is a success to Consul."""
    error = kind(says, maybe_applied=False)
    error.about(operation.request)
    return error


def _get(acl_id: str, options: ACLOptions = _CURRENT) -> Flow[ACLToken]:
    """Return the token with this secret. Raises NotFound."""
    operation = _tokens.self(**options)
    try:
        operation = replace(operation, read=_token, token=acl_id, explain=_unknown)
    except ValueError:
        # It cannot be sent in a header, so no token has it.
        raise _error(NotFound, MISSING, operation) from None
    return (yield from call(operation))


def _find(acl_id: str) -> Flow[ACLToken | None]:
    """Return the token with this secret; None if Consul does not know it."""
    try:
        return (yield from _get(acl_id))
    except NotFound:
        return None


def _describe(token: ACLToken, known: dict[str, str], options: ACLOptions) -> Flow[LegacyACL]:
    """Return a token in the shape of the legacy system.

    known: the rules of the policies that were read before, by ID. The function adds those that it reads.
    """
    ids = [link["ID"] for link in _links(token)]
    for policy_id in ids:
        if policy_id not in known and policy_id != _GLOBAL_MANAGEMENT:
            known[policy_id] = yield from _rules(policy_id, options)
    return {
        "CreateIndex": token.get("CreateIndex", 0),
        "ModifyIndex": token.get("ModifyIndex", 0),
        "ID": token["SecretID"],
        "Name": token["Description"],
        "Type": "management" if _GLOBAL_MANAGEMENT in ids else "client",
        "Rules": "\n".join(known[policy_id] for policy_id in ids if known.get(policy_id)),
    }


# Policies.


def _policy_name(token: ACLToken) -> str:
    return POLICY_NAME + token["AccessorID"]


def _policy(response: Response) -> Any:
    """Return a policy. Raises DecodeError if it lacks a member that is used here."""
    policy = one(response)
    if not _is_id(policy.get("ID")) or not all(isinstance(policy.get(name), str) for name in ("Name", "Description", "Rules")):
        raise wrong("a policy with ID, Name, Description and Rules", policy)
    return policy


def _read_policy(operation: Operation[ACLPolicy]) -> Operation[ACLPolicy]:
    return replace(operation, read=_policy)


def _is_made(policy: ACLPolicy) -> bool:
    return policy["Name"].startswith(POLICY_NAME) and policy["Description"] == _POLICY_DESCRIPTION


def _rules(policy_id: str, options: ACLOptions) -> Flow[str]:
    """Return the rules of a policy, in the syntax in which they were given; "" if it was deleted meanwhile."""
    try:
        policy = yield from call(_read_policy(_policies.read(policy_id, **options)))
    except NotFound:
        return ""
    return legacy_rules(policy["Rules"]) if _is_made(policy) else policy["Rules"]


def _made_policy(name: str) -> Flow[ACLPolicy | None]:
    """Return the policy with this name; None if it does not exist, or if `create` did not make it."""
    try:
        policy = yield from call(_read_policy(_policies.read_by_name(name, **_CURRENT)))
    except NotFound:
        return None
    except Forbidden as error:
        # So before 1.15. If it is the client's own token that Consul does not know, the next request fails.
        if error.body.strip() == b"ACL not found":
            return None
        raise
    return policy if _is_made(policy) else None


def _made_policies(token: ACLToken) -> Flow[dict[str, ACLPolicy]]:
    """Return by name the policies that `create` made: the token's own, and those that it shares because it is a copy."""
    made = {}
    for name in dict.fromkeys([_policy_name(token), *_link_names(token)]):
        if name.startswith(POLICY_NAME):
            policy = yield from _made_policy(name)
            if policy is not None:
                made[name] = policy
    return made


def _write_rules(token: ACLToken, rules: str, before: ACLPolicy | None) -> Flow[ACLPolicy]:
    """Create the policy of a token, or change it. before: the policy as it is; None: it does not exist yet."""
    name = _policy_name(token)
    if before is None:
        return (yield from call(_read_policy(_policies.create(name, description=_POLICY_DESCRIPTION, rules=rules))))
    return (yield from call(_read_policy(_policies.update(before["ID"], name, description=_POLICY_DESCRIPTION, rules=rules))))


def _give_rules(token: ACLToken, rules: str, others: list[ACLLink] | list[ACLLinkByID]) -> Flow[None]:
    """Create the policy of a new token and link to it. others: the links of the token to other policies. All its further rights stay."""
    policy = yield from _write_rules(token, rules, None)
    options: TokenChangeOptions = {
        "description": token["Description"],
        "policies": [{"ID": policy["ID"]}, *others],
        "roles": token.get("Roles", []),
        "service_identities": token.get("ServiceIdentities", []),
        "node_identities": token.get("NodeIdentities", []),
        "local": token["Local"],
    }
    if "TemplatedPolicies" in token:  # agents before 1.17 refuse this member
        options["templated_policies"] = token["TemplatedPolicies"]
    yield from call(_tokens.update(token["AccessorID"], **options))


# What a failure leaves.


def _attempt(steps: Flow[Any]) -> Flow[bool]:
    """Run steps and return whether they succeeded. What they delete may be missing."""
    try:
        yield from steps
    except NotFound:
        return True
    except ConsulateException:
        return False
    return True


def _delete_again(token: ACLToken, error: ConsulateException) -> Flow[None]:
    """Delete a new token and its policy, and add to the error what was done."""
    accessor_id, name = token["AccessorID"], _policy_name(token)
    is_deleted = yield from _attempt(call(_tokens.delete(accessor_id)))
    is_deleted &= yield from _attempt(_delete_made(name))
    error.maybe_applied = not is_deleted
    if is_deleted:
        error.add("the new token was deleted again")
    else:
        error.add(f"the new token (accessor ID {accessor_id}) or its policy {name} may be left: delete what is")


def _delete_made(name: str) -> Flow[None]:
    policy = yield from _made_policy(name)
    if policy is not None:
        yield from call(_policies.delete(policy["ID"]))


def _restore(policy: ACLPolicy, before: ACLPolicy | None, error: ConsulateException) -> Flow[None]:
    """Give a token's policy its old rules, or delete it if it is new, and add to the error what was done."""
    if before is None:
        is_undone = yield from _attempt(_delete_if_unused(policy))
        error.add("its new policy was deleted again" if is_undone else f"its new policy {policy['Name']} may be left: delete it")
    else:
        old = _policies.update(before["ID"], before["Name"], description=before["Description"], rules=before["Rules"])
        is_undone = yield from _attempt(call(old))
        error.add("its rules are the old ones again" if is_undone else f"its rules, in the policy {policy['Name']}, may be the new ones")
    error.maybe_applied |= not is_undone


def _delete_if_unused(policy: ACLPolicy) -> Flow[None]:
    """Delete a policy that `create` made, unless a token or a role links to it."""
    policy_id = policy["ID"]
    tokens = yield from call(_tokens.list(policy=policy_id, **_CURRENT))
    roles = yield from call(_roles.list(policy=policy_id, **_CURRENT))
    if not tokens and not roles:
        yield from call(_policies.delete(policy_id))


def _delete_unused(policies: Iterable[ACLPolicy], done: str) -> Flow[None]:
    """Delete policies that `create` made, if nothing links to them. done: what has happened already, for errors."""
    for policy in policies:
        try:
            yield from _delete_if_unused(policy)
        except NotFound:
            continue
        except ConsulateException as error:
            error.maybe_applied = True
            error.add(f"{done}, but its policy {policy['Name']} may be left: delete it with acl.policy.delete({policy['ID']!r})")
            raise
