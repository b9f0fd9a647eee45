"""The license of Consul Enterprise. https://developer.hashicorp.com/consul/api-docs/operator/license"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import one
from consul_proto.errors import DecodeError
from consul_proto.failures import enterprise, hiding
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation, write_operation
from consul_proto.types.options import DatacenterOption, DatacenterReadOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.operator import LicenseReply

_PATH = "/v1/operator/license"

_DEFAULTS = ("datacenter", "consistency")


def _text(response: Response) -> str:
    """Return the signed license, which is one word of ASCII."""
    body = response.body.strip()
    if not body or not body.isascii() or body[:1] in (b"<", b"{"):
        raise DecodeError(f"expected a signed license, got {len(response.body)} bytes of something else")
    return body.decode("ascii")


class License(Namespace[M]):
    """The license of Consul Enterprise."""

    @operation
    def get(self, **options: Unpack[DatacenterReadOptions]) -> Operation[LicenseReply]:
        """Return what the license says, and whether it is valid. Enterprise only, since 1.1.

        Raises ClientError in the Community Edition, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/license#getting-the-consul-license
        """
        return read_operation("operator.license.get", _PATH, one, options, defaults=_DEFAULTS, blocks=None, explain=enterprise)

    @operation
    def signed(self, **options: Unpack[DatacenterReadOptions]) -> Operation[str]:
        """Return the signed text of the license, which is a secret. Enterprise only, since 1.1.

        Raises ClientError in the Community Edition, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/license#getting-the-consul-license
        """
        given = {**options, "signed": True}
        return read_operation("operator.license.get", _PATH, _text, given, defaults=_DEFAULTS, blocks=None, explain=enterprise)

    @operation
    def put(self, license: str, **options: Unpack[DatacenterOption]) -> Operation[LicenseReply]:  # noqa: A002 - Consul's own word
        """Set the license of the datacenter, and return what it says. Enterprise only, from 1.1 to 1.9: newer agents read it from a file.

        license: the signed text; it is a secret. Raises ValueError, Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/v1.9.x/operator/license#updating-the-consul-license
        """
        if not license.isascii():
            raise ValueError("a license must be the signed text, which is ASCII")
        body = license.encode("ascii")
        explain = hiding([license], enterprise)
        return write_operation("operator.license.put", _PATH, one, options, body=body, defaults=("datacenter",), explain=explain)

    @operation
    def reset(self, **options: Unpack[DatacenterOption]) -> Operation[LicenseReply]:
        """Set the license to the one in Consul's own binary, and return what it says. Enterprise only, from 1.5.2 to 1.9.

        Raises Forbidden, ClientError in the Community Edition, ServerError if that license is not valid.
        https://developer.hashicorp.com/consul/api-docs/v1.9.x/operator/license#resetting-the-consul-license
        """
        return write_operation("operator.license.reset", _PATH, one, options, method="DELETE", defaults=("datacenter",), explain=enterprise)
