"""`consulate.api.catalog.Catalog`, under its documented name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.endpoints import catalog as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented

if TYPE_CHECKING:
    from consulate.adapters import Adapter


class Catalog(Documented, endpoints.Catalog[Sync]):
    """Register, deregister and read entries on the servers. The constructor's third parameter is named `dc`, as documented."""

    def __init__(self, uri: str, adapter: Adapter | type[Adapter] | None = None, dc: str | None = None, token: str | None = None) -> None:
        super().__init__(uri, adapter, dc, token)
