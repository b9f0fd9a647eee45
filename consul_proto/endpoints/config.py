"""Config entries: central configuration (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/config"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from consul_proto.decode import boolean, each, json_value, one
from consul_proto.endpoints.config_typed import typed_get, typed_list
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_text, read_operation, write_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.config import ConfigEntry, ConfigEntryBody, ConfigKind
    from consul_proto.types.config_defaults import ServiceConfigEntry
    from consul_proto.types.options import FilteredReadOptions, ReadOptions, Scope


def _path(kind: str, name: str) -> str:
    return f"/v1/config/{segment(kind, 'a kind')}/{segment(name, 'the name of an entry')}"


def _deleted(response: Response) -> bool:
    """Read the answer to a deletion: an empty object, or with `cas` a boolean."""
    return True if json_value(response) == {} else boolean(response)


class Config(Namespace[M]):
    """Config entries: central configuration (since Consul 1.5)."""

    @operation
    def apply(self, entry: ConfigEntryBody, *, cas: int | None = None, **options: Unpack[Scope]) -> Operation[bool]:
        """Create a config entry, or replace it. Return True, or False if `cas` prevented it.

        client.config.apply({
            "Kind": "service-resolver",
            "Name": "web",
            "DefaultSubset": "v1",
            "Subsets": {"v1": {"Filter": "Service.Meta.version == v1"}, "v2": {"Filter": "Service.Meta.version == v2"}},
        })

        entry: with Consul's own member names; type checkers know those of each kind. What is left out gets its default, also in an entry
        that exists: to change a part, change what `get` returned, and give its ModifyIndex as `cas`.
        cas: write only if the entry's ModifyIndex is this number; 0: only if there is no such entry. Since Consul 1.12, a write that would
        change nothing is not carried out, and the result is True whatever `cas` is.

        Writes go to the primary datacenter. Since Consul 1.5; each kind has a first version of its own.
        Raises Forbidden, ClientError for an unknown kind or member, ServerError if the entry contradicts itself or another one.
        https://developer.hashicorp.com/consul/api-docs/config#apply-configuration
        """
        body = json_text("entry", entry).encode()
        query: dict[str, Any] = {"cas": cas, **options}
        return write_operation("config.apply", "/v1/config", boolean, query, body=body)

    @typed_get
    def get(self, kind: ConfigKind, name: str, **options: Unpack[ReadOptions]) -> Operation[ConfigEntry]:
        """Return a config entry.

        kind: "service-defaults", "service-resolver", ...; type checkers know the members of its entries.
        name: that of a service or gateway; "global" for proxy-defaults, "mesh" for mesh, the partition ("default") for exported-services.

        An inline-certificate has a private key: do not print or log it.
        Raises NotFound, Forbidden, ServerError for an unknown kind. Since Consul 1.5.
        https://developer.hashicorp.com/consul/api-docs/config#get-configuration
        """
        return read_operation("config.get", _path(kind, name), one, options)

    @typed_list
    def list(self, kind: ConfigKind, **options: Unpack[FilteredReadOptions[ServiceConfigEntry]]) -> Operation[builtins.list[ConfigEntry]]:
        """Return the config entries of a kind, without those that the token may not read.

        kind: "service-defaults", "service-resolver", ...; type checkers know the members of its entries.
        filter: since Consul 1.16; older versions ignore it.

        Raises Forbidden, ServerError for an unknown kind. Since Consul 1.5.
        https://developer.hashicorp.com/consul/api-docs/config#list-configurations
        """
        return read_operation("config.list", "/v1/config/" + segment(kind, "a kind"), each, options)

    @operation
    def delete(self, kind: ConfigKind, name: str, *, cas: int | None = None, **options: Unpack[Scope]) -> Operation[bool]:
        """Delete a config entry. Return True, even if there is no such entry, or False if `cas` prevented it.

        cas: delete only if the entry's ModifyIndex is this number. Since Consul 1.11; older versions ignore it, and delete the entry.

        Writes go to the primary datacenter. Since Consul 1.5.
        Raises Forbidden, ClientError for an unknown kind, ServerError if another entry needs this one.
        https://developer.hashicorp.com/consul/api-docs/config#delete-configuration
        """
        query: dict[str, Any] = {"cas": cas, **options}
        return write_operation("config.delete", _path(kind, name), _deleted, query, method="DELETE")
