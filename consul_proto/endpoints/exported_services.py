"""Exported services (since Consul 1.17.3). https://developer.hashicorp.com/consul/api-docs/exported-services"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import each
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation
from consul_proto.types.exported_services import SharedServicesOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.types.exported_services import ResolvedExportedService


class ExportedServices(Namespace[M]):
    """Services that are exported to peers and partitions (since Consul 1.17.3)."""

    @operation
    def list(self, **options: Unpack[SharedServicesOptions]) -> Operation[builtins.list[ResolvedExportedService]]:
        """Return the services that this partition exports, each with its consumers. Wildcards and sameness groups are resolved.

        Raises Forbidden, ClientError before Consul 1.17.3.
        https://developer.hashicorp.com/consul/api-docs/exported-services#list-exported-services
        """
        return read_operation("exported_services.list", "/v1/exported-services", each, options, defaults=("partition",))
