"""The agent's part of the service mesh: authorization and certificates (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/agent/connect"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import one
from consul_proto.endpoints.connect_ca import READ
from consul_proto.errors import ClientError, DecodeError
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, NOTHING, SCOPE, json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.agent_connect import LeafOptions, ManagedProxyOptions
from consul_proto.types.connect_ca import CARootsOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.agent_connect import AgentAuthorize, LeafCert, ManagedProxyConfig
    from consul_proto.types.connect_ca import CARootList
    from consul_proto.types.options import EnterpriseScope


def _leaf(response: Response) -> LeafCert:
    try:
        leaf: LeafCert = one(response)
    except DecodeError as error:
        error.body = b"<hidden: it may contain a private key>"
        raise
    return leaf


def _explain_proxy(response: Response) -> ClientError | None:
    """Return the error for a 404 without a text, which does not say what is missing."""
    if response.status != 404 or response.body:
        return None
    return ClientError(
        "no managed proxy with this ID, or an agent that is newer than Consul 1.5 and has none, or something other than Consul answered",
        maybe_applied=False,
    )


class AgentConnect(Namespace[M]):
    """What a proxy, or a program without one, asks the local agent: may this connection be made, and which certificates to use."""

    @operation
    def authorize(
        self, target: str, client_cert_uri: str, *, client_cert_serial: str | None = None, **options: Unpack[EnterpriseScope]
    ) -> Operation[AgentAuthorize]:
        """Return whether a client may connect to a service of this agent, and why, as {"Authorized": bool, "Reason": str}.

        target: the name of the service. client_cert_uri: the SPIFFE ID in the client's certificate, such as
        "spiffe://<trust domain>/ns/default/dc/dc1/svc/web". The caller verifies the certificate itself first.
        client_cert_serial: its serial number in hexadecimal; Consul does not check it.

        The agent answers from its cache. An intention with permissions for single requests always counts as a denial.
        Raises Forbidden without service:write for the target, and ClientError for a URI that identifies no service.
        https://developer.hashicorp.com/consul/api-docs/agent/connect#authorize
        """
        body = json_body({"Target": target, "ClientCertURI": client_cert_uri, "ClientCertSerial": client_cert_serial})
        path = "/v1/agent/connect/authorize"
        return write_operation("agent.connect.authorize", path, one, options, body=body, method="POST", defaults=LOCAL)

    @operation
    def ca_roots(self, **options: Unpack[CARootsOptions]) -> Operation[CARootList]:
        """Return the root certificates that proxies trust, from the agent's cache. It needs no token.

        Raises ServerError if the service mesh is off (`connect.enabled`).
        https://developer.hashicorp.com/consul/api-docs/agent/connect#certificate-authority-ca-roots
        """
        return read_operation("agent.connect.ca_roots", "/v1/agent/connect/ca/roots", one, options, defaults=READ)

    @operation
    def ca_leaf(self, service: str, **options: Unpack[LeafOptions]) -> Operation[LeafCert]:
        """Return the certificate of a service and its private key. The agent renews it in time: read it as a blocking query.

        service: the name of the service, not its ID; it need not exist.

        A newer agent gives a certificate that it has cached to any caller, as 1.22.5 does.
        Raises Forbidden without service:write, and RateLimited if too many certificates are signed.
        https://developer.hashicorp.com/consul/api-docs/agent/connect#service-leaf-certificate
        """
        path = "/v1/agent/connect/ca/leaf/" + segment(service, "a service name")
        return read_operation("agent.connect.ca_leaf", path, _leaf, options, defaults=SCOPE)

    @operation
    def proxy_config(self, proxy_service_id: str, **options: Unpack[ManagedProxyOptions]) -> Operation[ManagedProxyConfig]:
        """Return a managed proxy. Only Consul 1.2 to 1.5 has them; other agents answer with ClientError.

        proxy_service_id: the ID of the proxy.
        https://developer.hashicorp.com/consul/api-docs/v1.5.x/agent/connect#managed-proxy-configuration
        """
        path = "/v1/agent/connect/proxy/" + segment(proxy_service_id, "a proxy's service ID")
        return read_operation("agent.connect.proxy_config", path, one, options, defaults=NOTHING, blocks="hash", explain=_explain_proxy)
