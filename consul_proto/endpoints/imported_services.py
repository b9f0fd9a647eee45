"""Imported services (since Consul 1.22.3), as documented beside the exported ones.

https://developer.hashicorp.com/consul/api-docs/exported-services
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, cast

from consul_proto.decode import json_value, wrong
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation
from consul_proto.types.exported_services import SharedServicesOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.imported_services import ImportedService


def _services(response: Response) -> list[ImportedService]:
    """Read the list of the Community Edition, or the object of Consul Enterprise that contains it."""
    value = json_value(response)
    found = value.get("ImportedServices", value) if isinstance(value, dict) else value
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(service, dict) for service in found):
        raise wrong("a list of objects, or an object with a list of ImportedServices", value)
    return cast("list[ImportedService]", found)


class ImportedServices(Namespace[M]):
    """Services that are imported from peers and partitions (since Consul 1.22.3)."""

    @operation
    def list(self, **options: Unpack[SharedServicesOptions]) -> Operation[builtins.list[ImportedService]]:
        """Return the services that this partition imports, each with the peer or partition that it comes from.

        Raises Forbidden, ClientError before Consul 1.22.3. Consul does not document this endpoint; its changelog names it.
        https://developer.hashicorp.com/consul/api-docs/exported-services
        """
        return read_operation("imported_services.list", "/v1/imported-services", _services, options, defaults=("partition",))
