"""The service mesh (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/connect"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.namespace import M, Namespace, group

if TYPE_CHECKING:
    from consul_proto.endpoints.connect_ca import CA
    from consul_proto.endpoints.connect_intentions import Intentions


class Connect(Namespace[M]):
    """The service mesh (since Consul 1.2)."""

    ca: group[CA[M]] = group("consul_proto.endpoints.connect_ca:CA", "The certificate authority of the service mesh (since Consul 1.2).")
    intentions: group[Intentions[M]] = group(
        "consul_proto.endpoints.connect_intentions:Intentions", "Intentions: which service may connect to which (since Consul 1.2)."
    )
