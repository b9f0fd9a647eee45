"""What answers have in no order, or not the same on both sides, put in one."""

from __future__ import annotations

from typing import Any


def sorted_tags(body: dict[str, list[str]]) -> dict[str, list[str]]:
    """The tags of services, each list in order."""
    return {name: sorted(tags) for name, tags in body.items()}


def mixed(body: dict[str, Any], limit: str | None) -> dict[str, Any]:
    """What a query found, which real agents mix: of a part of it they take any."""
    nodes = sorted(body["Nodes"] or (), key=lambda found: (found["Node"]["Node"].lower(), found["Service"]["ID"].lower()))
    return {**body, "Nodes": len(nodes) if int(limit or 0) > 0 else nodes}


def status_aside(body: Any) -> Any:
    """A status, where of two that are equally ill an agent names any."""
    return "critical" if body == "maintenance" else body


def without_drawn(value: Any) -> Any:
    """Without indexes, and without ports and addresses that the agent alone knows."""
    if isinstance(value, dict):
        left_out = ("CreateIndex", "ModifyIndex", "Port", "consul-virtual")
        return {name: without_drawn(member) for name, member in value.items() if name not in left_out}
    return [without_drawn(member) for member in value] if isinstance(value, list) else value


def ordered(items: list[Any]) -> list[Any]:
    """In an order that does not hang on what is drawn: sessions and queries come in that of their ids, an agent's checks in none."""
    if items and isinstance(items[0], dict) and ("LockDelay" in items[0] or "Template" in items[0]):
        return sorted(items, key=lambda item: int(item["CreateIndex"]))
    if items and isinstance(items[0], dict) and "Hash" in items[0]:
        # Tokens come by their secrets, in 1.8 policies by their ids; the two that every server writes come in either order.
        return sorted(items, key=lambda item: (str(item.get("Name")), int(item["CreateIndex"])))
    if items and isinstance(items[0], dict) and "AggregatedStatus" in items[0]:
        return sorted(items, key=lambda item: str(item["Service"]["ID"]))
    if items and isinstance(items[0], dict) and items[0].get("CreateIndex") == 0 and "CheckID" in items[0]:
        return sorted(items, key=lambda item: str(item["CheckID"]))
    return items
