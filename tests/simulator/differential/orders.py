"""Bring parts of answers without a fixed order into one order."""

from __future__ import annotations

from typing import Any


def sorted_tags(body: dict[str, list[str]]) -> dict[str, list[str]]:
    """Sort the tags of each service."""
    return {name: sorted(tags) for name, tags in body.items()}


def sort_instances(body: dict[str, Any], limit: str | None) -> dict[str, Any]:
    """Sort the instances that a query found, since real agents shuffle them. With a limit only their number is left."""
    nodes = sorted(body["Nodes"] or (), key=lambda found: (found["Node"]["Node"].lower(), found["Service"]["ID"].lower()))
    return {**body, "Nodes": len(nodes) if int(limit or 0) > 0 else nodes}


def ignore_status(body: Any) -> Any:
    """Replace a status: among equally unhealthy instances an agent names any."""
    return "critical" if body == "maintenance" else body


def without_indexes(value: Any) -> Any:
    """Remove indexes, and the ports and addresses that only the agent knows."""
    if isinstance(value, dict):
        left_out = ("CreateIndex", "ModifyIndex", "Port", "consul-virtual")
        return {name: without_indexes(member) for name, member in value.items() if name not in left_out}
    return [without_indexes(member) for member in value] if isinstance(value, list) else value


def sort_items(items: list[Any]) -> list[Any]:
    """Sort by something that both sides share: sessions and queries are sorted by their ids, and an agent's checks not at all."""
    if items and isinstance(items[0], dict) and ("LockDelay" in items[0] or "Template" in items[0]):
        return sorted(items, key=lambda item: int(item["CreateIndex"]))
    if items and isinstance(items[0], dict) and "Hash" in items[0]:
        # Tokens are sorted by secret, in 1.8 policies by id. The two that every server writes come in either order.
        return sorted(items, key=lambda item: (str(item.get("Name")), int(item["CreateIndex"])))
    if items and isinstance(items[0], dict) and "AggregatedStatus" in items[0]:
        return sorted(items, key=lambda item: str(item["Service"]["ID"]))
    if items and isinstance(items[0], dict) and items[0].get("CreateIndex") == 0 and "CheckID" in items[0]:
        return sorted(items, key=lambda item: str(item["CheckID"]))
    return items
