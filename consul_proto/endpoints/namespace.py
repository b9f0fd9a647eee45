"""Namespaces (Consul Enterprise, since 1.7). https://developer.hashicorp.com/consul/api-docs/namespaces"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import each, nothing, one
from consul_proto.failures import enterprise, missing
from consul_proto.namespace import M, operation
from consul_proto.namespace import Namespace as Group
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.namespace import NamespaceReadOptions
from consul_proto.types.options import PartitionOption

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from consul_proto.errors import ConsulateException
    from consul_proto.message import Response
    from consul_proto.types.namespace import Namespace, NamespaceACLs

_WRITE = ("partition",)
_READ = ("datacenter", "partition", "consistency")

_missing = missing("no such namespace, or Consul is not Enterprise")


def _explain(response: Response) -> ConsulateException | None:
    return _missing(response) or enterprise(response)


def _deleted(response: Response) -> bool:
    """Return True for an empty answer, or for the namespace while its contents are being deleted."""
    return nothing(response) if response.body.strip()[:1] != b"{" else bool(one(response))


def _of(name: str) -> str:
    return "/v1/namespace/" + segment(name, "the name of a namespace")


class Namespaces(Group[M]):
    """Namespaces (Consul Enterprise, since 1.7)."""

    @operation
    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        acls: NamespaceACLs | None = None,
        meta: Mapping[str, str] | None = None,
        **options: Unpack[PartitionOption],
    ) -> Operation[Namespace]:
        """Create a namespace and return it. Enterprise only.

        client.namespace.create("team-1", acls={"PolicyDefaults": [{"Name": "node-read"}]})

        name: a DNS label. description: for people. meta: metadata.
        acls: the policies and roles that each token of the namespace gets besides its own.
        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/namespaces#create-a-namespace
        """
        body = json_body({"Name": name, "Description": description, "ACLs": acls, "Meta": meta})
        return write_operation("namespace.create", "/v1/namespace", one, options, body=body, defaults=_WRITE, explain=enterprise)

    @operation
    def read(self, name: str, **options: Unpack[NamespaceReadOptions]) -> Operation[Namespace]:
        """Return a namespace; it has the member DeletedAt while its contents are being deleted. Enterprise only.

        Raises NotFound for an unknown name, Forbidden, ClientError in the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/namespaces#read-a-namespace
        """
        return read_operation("namespace.read", _of(name), one, options, defaults=_READ, explain=_explain)

    @operation
    def update(
        self,
        name: str,
        *,
        description: str | None = None,
        acls: NamespaceACLs | None = None,
        meta: Mapping[str, str] | None = None,
        **options: Unpack[PartitionOption],
    ) -> Operation[Namespace]:
        """Replace the description, ACLs and metadata of a namespace, and return it. Enterprise only. For the parameters, see `create`.

        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/namespaces#update-a-namespace
        """
        body = json_body({"Description": description, "ACLs": acls, "Meta": meta})
        return write_operation("namespace.update", _of(name), one, options, body=body, defaults=_WRITE, explain=enterprise)

    @operation
    def delete(self, name: str, **options: Unpack[PartitionOption]) -> Operation[bool]:
        """Delete a namespace with all its contents. Return True. Consul deletes it in the background: see `read`. Enterprise only.

        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/namespaces#delete-a-namespace
        """
        path = _of(name)
        return write_operation("namespace.delete", path, _deleted, options, method="DELETE", defaults=_WRITE, explain=enterprise)

    @operation
    def list(self, **options: Unpack[NamespaceReadOptions]) -> Operation[builtins.list[Namespace]]:
        """Return the namespaces that the token may see. Enterprise only. Raises Forbidden, ClientError in the Community Edition.

        https://developer.hashicorp.com/consul/api-docs/namespaces#list-all-namespaces
        """
        return read_operation("namespace.list", "/v1/namespaces", each, options, defaults=_READ, explain=enterprise)
