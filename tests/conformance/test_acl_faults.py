"""Since Consul 1.11, the documented ACL calls take several requests. Whichever fails, nothing is left that the error does not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consulate import Consul
from consulate.exceptions import ConsulateException
from consulate.testing import ConsulAgent, FaultPlan
from consulate.testing.faults import Delay, Drop, Fault, LeaderChange, Reset, Truncate

_TOKEN = "f6a7b5a0-5e57-4c1d-9d1c-0123456789ab"
_OWN_ID = "0b6c4b7e-9d1c-4c1d-8e57-0123456789ab"
_RULES, _OTHER_RULES = 'key "a" { policy = "read" }', 'key "b" { policy = "write" }'

#: Name -> the call, for a client and the ID of a token with rules.
_CALLS: dict[str, Callable[[Consul, str], Any]] = {
    "create": lambda consul, _: consul.acl.create("new", "client", _RULES),
    "create a manager": lambda consul, _: consul.acl.create("new", "management", _RULES),
    "create by an update": lambda consul, _: consul.acl.update(_OWN_ID, "new", "client", _RULES),
    "change rules": lambda consul, acl_id: consul.acl.update(acl_id, "changed", "client", _OTHER_RULES),
    "remove rules": lambda consul, acl_id: consul.acl.update(acl_id, "changed"),
    "clone": lambda consul, acl_id: consul.acl.clone(acl_id),
    "destroy": lambda consul, acl_id: consul.acl.destroy(acl_id),
}

_FAULTS: list[Fault] = [Drop(), Reset(applied=False), Reset(), Truncate(3, noticed=False), LeaderChange(60)]

_Everything = tuple[dict[str, Any], dict[str, Any]]


def _everything(consul: Consul) -> _Everything:
    """Return the tokens by accessor ID and the policies by name, without indexes and hashes."""
    skipped = ("CreateIndex", "ModifyIndex", "Hash")
    tokens = {
        token["AccessorID"]: {name: value for name, value in token.items() if name not in skipped} for token in consul.acl.token.list()
    }
    policies = {one["Name"]: consul.acl.policy.read(one["ID"])["Rules"] for one in consul.acl.policy.list()}
    return tokens, policies


def _orphans(everything: _Everything) -> set[str]:
    """Return the names of the policies of tokens that do not exist, and that no token links to."""
    tokens, policies = everything
    linked = {link["Name"] for token in tokens.values() for link in token.get("Policies", [])}
    return {name for name in policies if name.startswith("consulate-acl-") and name[14:] not in tokens} - linked


def _fail(name: str, faults: list[Fault | None]) -> tuple[ConsulateException, _Everything, _Everything] | None:
    """Return the error of a call that meets faults, and what there was before and after it; None if it succeeds."""
    agent = ConsulAgent(acl_token=_TOKEN)
    consul = agent.client()
    acl_id = consul.acl.create("n", "client", _RULES)
    before = _everything(consul)
    try:
        _CALLS[name](agent.client(faults=FaultPlan(faults)), acl_id)
    except ConsulateException as error:
        agent.advance(120)
        return error, before, _everything(consul)
    assert _orphans(_everything(consul)) == set()
    return None


def _count_requests(name: str) -> int:
    """Return how many requests a call takes if nothing fails."""
    agent = ConsulAgent(acl_token=_TOKEN)
    acl_id = agent.client().acl.create("n", "client", _RULES)
    _CALLS[name](agent.client(faults=FaultPlan([Delay(0.0)] * 20)), acl_id)
    return len(agent.injections)


@pytest.mark.parametrize("fault", _FAULTS, ids=repr)
@pytest.mark.parametrize("name", sorted(_CALLS))
def test_whichever_request_fails(name: str, fault: Fault) -> None:
    failures = 0
    for position in range(1, _count_requests(name)):
        for more in ([], [fault]):
            failed = _fail(name, [*[None] * position, fault, *more])
            if failed is None:
                continue
            error, before, after = failed
            failures += 1
            assert error.maybe_applied or after == before
            assert all(orphan in str(error) for orphan in _orphans(after))
            assert _OWN_ID not in str(error) + repr(vars(error))
    assert failures >= 4


@pytest.mark.parametrize("name", ["create", "change rules", "clone"])
def test_a_write_that_is_refused_changes_nothing(name: str) -> None:
    """What was done before is undone, if the fault is over by then."""
    for position in range(1, _count_requests(name)):
        failed = _fail(name, [*[None] * position, Reset(applied=False)])
        if failed is not None:
            _, before, after = failed
            assert after == before
