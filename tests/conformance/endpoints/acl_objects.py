"""Policies, tokens, roles and auth methods for one trial, deleted at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.world import World
from tests.fakes.bearer_tokens import Issuer

#: The ID of nothing.
UNKNOWN = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

RULES = 'key_prefix "app/" { policy = "read" }'

#: The signer of the bearer tokens of all trials.
ISSUER = Issuer()


@asynccontextmanager
async def a_policy(client: Any, world: World) -> AsyncIterator[Any]:
    """Yield a policy."""
    policy = await client.acl.policy.create(world.name(), rules=RULES)
    try:
        yield policy
    finally:
        await client.acl.policy.delete(policy["ID"])


@asynccontextmanager
async def a_token(client: Any, **options: Any) -> AsyncIterator[Any]:
    """Yield a token."""
    token = await client.acl.token.create(**options)
    try:
        yield token
    finally:
        await client.acl.token.delete(token["AccessorID"])


@asynccontextmanager
async def a_role(client: Any, world: World, **options: Any) -> AsyncIterator[Any]:
    """Yield a role."""
    role = await client.acl.role.create(world.name(), **options)
    try:
        yield role
    finally:
        await client.acl.role.delete(role["ID"])


@asynccontextmanager
async def an_auth_method(client: Any, world: World) -> AsyncIterator[str]:
    """Yield the name of an auth method that accepts the bearer tokens of `ISSUER`. Its rules and tokens go with it."""
    name = world.name()
    await client.acl.auth_method.create(name, "jwt", ISSUER.config, max_token_ttl="10m")
    try:
        yield name
    finally:
        await client.acl.auth_method.delete(name)
