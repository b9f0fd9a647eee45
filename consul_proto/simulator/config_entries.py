"""Config entries: `/v1/config`. They are kept and shown, and do nothing.

https://developer.hashicorp.com/consul/api-docs/config
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from consul_proto.simulator.asking import Asked, Found, Refusal, Topic
from consul_proto.simulator.numbers import unsigned
from consul_proto.simulator.routes import Route
from consul_proto.simulator.settings import Settings
from consul_proto.simulator.store import Store

_OLD_KINDS = frozenset(
    (
        *("service-defaults", "proxy-defaults", "service-router", "service-splitter", "service-resolver"),
        *("ingress-gateway", "terminating-gateway"),
    )
)
_KINDS = _OLD_KINDS | {
    *("service-intentions", "mesh", "exported-services", "sameness-group", "api-gateway", "bound-api-gateway", "inline-certificate"),
    *("file-system-certificate", "http-route", "tcp-route", "jwt-provider"),
}

#: What an entry shows where nothing was given, by kind: of 1.8.7, and what came later.
_SHOWN = {
    "service-defaults": (("MeshGateway", "Expose"), ("TransparentProxy", "MeshGateway", "Expose")),
    "proxy-defaults": (("MeshGateway", "Expose"), ("TransparentProxy", "MeshGateway", "Expose", "AccessLogs")),
}

#: Kinds that concern the whole mesh rather than one service.
_MESH = frozenset({"proxy-defaults", "mesh"})

_NO_KIND = "Payload does not contain a kind/Kind key at the top level"


class ConfigEntries:
    """The table and its endpoints."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        #: By kind and name.
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}

    def kept(self) -> Any:
        """All of it, as JSON."""
        return list(self._entries.values())

    def keep(self, kept: Any, _shift: float) -> None:
        """Take over what was kept."""
        self._entries = {(entry["Kind"], entry["Name"]): entry for entry in kept}

    def routes(self) -> dict[str, Route]:
        """The endpoints."""
        return {
            "/v1/config": Route(("PUT",), write=self._put),
            "/v1/config/": Route(("GET", "DELETE"), self._read, self._delete, self._topics, deep=True),
        }

    def _topics(self, _asked: Asked) -> tuple[Topic, ...]:
        return (("table", "config-entries"),)

    def _check_kind(self, kind: str, status: int, before: str = "") -> None:
        if kind not in (_OLD_KINDS if self._settings.is_old else _KINDS):
            raise Refusal(status, f"{before}invalid config entry kind: {kind}")

    def _may(self, asked: Asked, entry: dict[str, Any]) -> bool:
        return entry["Kind"] in _MESH or asked.may("service", entry["Name"], "read")

    def _read(self, asked: Asked) -> Found:
        """GET: one entry, those of a kind, or all."""
        asked.no_namespace()
        kind, _, name = asked.rest.partition("/")
        asked.reach_servers()
        if kind:
            self._check_kind(kind, 500)
        index = self._store.table("config-entries") or 1
        if not name:
            every = [entry for (of, _), entry in sorted(self._entries.items()) if kind in ("", of) and self._may(asked, entry)]
            return Found(index, every)
        if kind not in _MESH:
            asked.require("service", name, "read")
        entry = self._entries.get((kind, name))
        if entry is None:
            backend = {} if self._settings.is_old else {"X_Consul_Query_Backend": "blocking-query"}
            told = {"X_Consul_Index": str(index), "X_Consul_Knownleader": "true", "X_Consul_Lastcontact": "0"}
            raise Refusal(404, f'Config entry not found for "{kind}" / "{name}"', **told, **backend)
        return Found(index, entry)

    def _given(self, asked: Asked) -> dict[str, Any]:
        before = "Bad request: Request decoding failed: " if self._settings.is_old else "Request decoding failed: "
        try:
            given = json.loads(asked.body)
        except ValueError:
            raise Refusal(400, before + ("unexpected EOF" if asked.body else "EOF")) from None
        given = {_camel(name): value for name, value in given.items()} if isinstance(given, dict) else {}
        if not isinstance(given.get("Kind"), str):
            raise Refusal(400, before + _NO_KIND)
        self._check_kind(given["Kind"], 400, before)
        return given

    def _put(self, asked: Asked, _now: float) -> bool:
        asked.no_namespace()
        given = self._given(asked)
        index = unsigned(asked.first("cas")) if asked.flag("cas") else None
        asked.reach_servers()
        kind, name = given["Kind"], given.get("Name") or ("mesh" if given["Kind"] == "mesh" else "")
        if not name:
            raise Refusal(500, "serviceName is required" if self._settings.is_old and kind == "service-defaults" else "Name is required")
        asked.require(*(("operator", "") if kind in _MESH else ("service", name)), "write")
        entry, before = self._shown(given, name), self._entries.get((kind, name))
        if not self._settings.is_old and before is not None and before["Hash"] == entry["Hash"]:
            return True
        if index is not None and index != (before["ModifyIndex"] if before else 0):
            return False
        now = self._store.apply()
        self._entries[kind, name] = entry | {"CreateIndex": before["CreateIndex"] if before else now, "ModifyIndex": now}
        self._store.change("config-entries")
        return True

    def _shown(self, given: dict[str, Any], name: str) -> dict[str, Any]:
        """An entry as an answer shows it."""
        defaults = _SHOWN.get(given["Kind"], ((), ()))[not self._settings.is_old]
        entry = {"Kind": given["Kind"], "Name": name}
        entry |= {
            member: value for member, value in given.items() if member not in (*entry, *defaults, "CreateIndex", "ModifyIndex", "Hash")
        }
        entry |= {member: given.get(member) or {} for member in defaults}
        if self._settings.is_old:
            return entry
        return entry | {"Hash": int(sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:15], 16)}

    def _delete(self, asked: Asked, _now: float) -> Any:
        asked.no_namespace()
        kind, _, name = asked.rest.partition("/")
        if not kind or not name:
            raise Refusal(404, "Must provide both a kind and name to delete")
        self._check_kind(kind, 400)
        index = unsigned(asked.first("cas")) if asked.flag("cas") else None
        asked.reach_servers()
        asked.require(*(("operator", "") if kind in _MESH else ("service", name)), "write")
        entry = self._entries.get((kind, name))
        done = index is None or entry is None or entry["ModifyIndex"] == index
        if entry is not None and done:
            self._store.apply()
            del self._entries[kind, name]
            self._store.change("config-entries")
        return done if index is not None and not self._settings.is_old else {}


def _camel(name: str) -> str:
    """A member's name as answers have it: files write it in lower case, with "_"."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
