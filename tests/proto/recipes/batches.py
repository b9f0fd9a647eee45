"""Batches of the changes that items ask for."""

from __future__ import annotations

from typing import Any

from consul_proto.recipes.bulk import Batch
from consul_proto.recipes.bulk_batches import Changes, put_of


def changes_of(*items: Any, **options: Any) -> list[Batch]:
    """Return the batches that write items, which are taken one at a time."""
    changes = Changes("kv.put_many", options, put_of)
    return [one for complete in changes.batches(items) for one in complete] + changes.rest()
