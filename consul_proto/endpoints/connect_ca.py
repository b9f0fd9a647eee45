"""The certificate authority of the service mesh (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/connect/ca"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from consul_proto.decode import nothing, one
from consul_proto.errors import DecodeError
from consul_proto.failures import hiding
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.types.connect_ca import CARootsOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.connect_ca import CAConfig, CARootList
    from consul_proto.types.options import DatacenterOption, DatacenterReadOptions

#: The client's settings that apply to a read. The certificate authority has no namespace.
READ = ("datacenter", "consistency")

_CONFIGURATION = "/v1/connect/ca/configuration"

#: Members of a provider's configuration that are secrets: Consul quotes a private key that it cannot read.
_SECRETS = frozenset({"privatekey", "token"})

#: The member with the credentials for Vault, under names that depend on the method.
_CREDENTIALS = "params"


def _secrets(config: Mapping[str, object], all_of_them: bool = False) -> Iterator[str]:
    """Return the secrets in a provider's configuration. Consul reads its names in any case, with and without "_"."""
    for name, value in config.items():
        plain = name.replace("_", "").lower()
        if isinstance(value, Mapping):
            yield from _secrets(value, all_of_them or plain == _CREDENTIALS)
        elif isinstance(value, str) and (all_of_them or plain in _SECRETS):
            yield value


def _pem(response: Response) -> str:
    if not response.body.startswith(b"-----BEGIN CERTIFICATE-----"):
        raise DecodeError(f"expected certificates in PEM, got {len(response.body)} bytes")
    return response.body.decode("ascii", "replace")


class CA(Namespace[M]):
    """Read the root certificates, and read and change how the certificate authority works."""

    @operation
    def roots(self, **options: Unpack[CARootsOptions]) -> Operation[CARootList]:
        """Return the root certificates that proxies trust, and the ID of the one that signs new certificates. It needs no token.

        Raises ServerError if the service mesh is off (`connect.enabled`).
        https://developer.hashicorp.com/consul/api-docs/connect/ca#list-ca-root-certificates
        """
        return read_operation("connect.ca.roots", "/v1/connect/ca/roots", one, options, defaults=READ)

    @operation
    def roots_pem(self, **options: Unpack[CARootsOptions]) -> Operation[str]:
        """Return the root certificates as one text in PEM, as for the `ca_file` of a program. Since 1.8.5.

        Older agents answer with JSON: then this raises DecodeError. Raises ServerError if the service mesh is off (`connect.enabled`).
        https://developer.hashicorp.com/consul/api-docs/connect/ca#list-ca-root-certificates
        """
        return read_operation("connect.ca.roots", "/v1/connect/ca/roots", _pem, {"pem": True, **options}, defaults=READ)

    @operation
    def config_get(self, **options: Unpack[DatacenterReadOptions]) -> Operation[CAConfig]:
        """Return the configuration of the certificate authority: its provider, and what the provider is told. It may contain secrets.

        Needs operator:write (operator:read before 1.8.6). Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/connect/ca#get-ca-configuration
        """
        return read_operation("connect.ca.config_get", _CONFIGURATION, one, options, defaults=READ, blocks=None)

    @operation
    def config_set(
        self,
        provider: str,
        config: Mapping[str, object],
        *,
        state: Mapping[str, str] | None = None,
        force_without_cross_signing: bool | None = None,
        **options: Unpack[DatacenterOption],
    ) -> Operation[bool]:
        """Change the configuration of the certificate authority, and return True. A new provider or key starts a rotation of the root.

        client.connect.ca.config_set("consul", {"LeafCertTTL": "24h"})

        provider: "consul", "vault" or "aws-pca". config: what it needs to know, with Consul's own member names. What is left out gets
        its default. Errors do not show the keys and tokens in it.
        state: the provider's state, exactly as `config_get` returned it, or None.
        force_without_cross_signing: rotate even if the old root cannot sign the new one; connections can fail until all services have
        new certificates (since 1.7).

        Raises Forbidden, ClientError for another state, and ServerError if the provider refuses.
        https://developer.hashicorp.com/consul/api-docs/connect/ca#update-ca-configuration
        """
        members = {"Provider": provider, "Config": config, "State": state, "ForceWithoutCrossSigning": force_without_cross_signing}
        explain = hiding(_secrets(config))
        return write_operation(
            "connect.ca.config_set", _CONFIGURATION, nothing, options, body=json_body(members), defaults=("datacenter",), explain=explain
        )
