"""The keys that encrypt gossip. https://developer.hashicorp.com/consul/api-docs/operator/keyring

A key is a secret. It is sent in the body of a request, which no error, repr or log shows.
"""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING

from consul_proto.decode import each, nothing
from consul_proto.errors import Forbidden, words
from consul_proto.failures import hiding
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import NOTHING, json_body, read_operation, write_operation
from consul_proto.types.operator import KeyringListOptions, RelayOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.errors import ConsulateException
    from consul_proto.message import Response
    from consul_proto.types.operator import KeyringResponse

_PATH = "/v1/operator/keyring"

#: What agents before 1.11 say to a token without the rule.
_DENIED = re.compile(rb"(?:Reading|Modifying) keyring denied (?:by|due to) ACLs\s*")


def _explain(response: Response) -> ConsulateException | None:
    """Explain the 500 with which agents before 1.11 refuse a token."""
    if response.status == 500 and _DENIED.fullmatch(response.body):
        return Forbidden(words(response.body), maybe_applied=False)
    return None


def _write(verb: str, method: str, key: str, options: RelayOptions) -> Operation[bool]:
    body = json_body({"Key": key})
    name = f"operator.keyring.{verb}"
    explain = hiding([key], _explain)
    return write_operation(name, _PATH, nothing, options, body=body, method=method, defaults=NOTHING, explain=explain)


class Keyring(Namespace[M]):
    """The keys that encrypt gossip."""

    @operation
    def list(self, **options: Unpack[KeyringListOptions]) -> Operation[builtins.list[KeyringResponse]]:
        """Return the keys of each gossip pool, with the number of nodes that have them. The keys are secrets.

        Raises Forbidden, ServerError if gossip is not encrypted or a node did not answer.
        https://developer.hashicorp.com/consul/api-docs/operator/keyring#list-gossip-encryption-keys
        """
        return read_operation("operator.keyring.list", _PATH, each, options, defaults=NOTHING, blocks=None, explain=_explain)

    @operation
    def install(self, key: str, **options: Unpack[RelayOptions]) -> Operation[bool]:
        """Give each node a new key; `use` then makes it the one that encrypts. Return True.

        key: 16, 24 or 32 random bytes in base64, as `consul keygen` makes them.
        Raises Forbidden, ServerError if gossip is not encrypted, the key is invalid or a node did not answer.
        https://developer.hashicorp.com/consul/api-docs/operator/keyring#add-new-gossip-encryption-key
        """
        return _write("install", "POST", key, options)

    @operation
    def use(self, key: str, **options: Unpack[RelayOptions]) -> Operation[bool]:
        """Encrypt with another key from now on. Each node must have it: see `install`. Return True.

        Raises Forbidden, ServerError if gossip is not encrypted or a node does not have the key.
        https://developer.hashicorp.com/consul/api-docs/operator/keyring#change-primary-gossip-encryption-key
        """
        return _write("use", "PUT", key, options)

    @operation
    def remove(self, key: str, **options: Unpack[RelayOptions]) -> Operation[bool]:
        """Remove a key from each node. Return True.

        Raises Forbidden, ServerError if gossip is not encrypted or it is the key that encrypts.
        https://developer.hashicorp.com/consul/api-docs/operator/keyring#delete-gossip-encryption-key
        """
        return _write("remove", "DELETE", key, options)
