"""The agent's own state: its services and checks, and how it writes them to the catalog.

https://developer.hashicorp.com/consul/docs/architecture/anti-entropy
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from consul_proto.simulator.agent.members import own_node
from consul_proto.simulator.agent.probes import Probe
from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.timers import Timers
from consul_proto.simulator.engine.versions import V1_9, V1_X

#: Seconds until the agent repairs what others changed in the catalog, in a cluster of up to 128 nodes (the table in the documentation).
_SYNC = 60.0

#: Seconds that a change of only a check's output may wait (default of `check_update_interval`); it waits at least half of this.
_OUTPUT_SYNC = 300.0

#: Seconds: a check must be critical for at least this long before its service is deregistered.
_LEAST_PATIENCE = 60.0

#: Bytes of a check's output that are stored: https://developer.hashicorp.com/consul/docs/services/usage/checks
OUTPUT = 4096


@dataclass(frozen=True, slots=True)
class Check:
    """A check of the agent. Times are in seconds. `value` is the row of the catalog. limit: bytes of a reported output that are stored."""

    value: dict[str, Any]
    limit: int = OUTPUT
    ttl: float = 0.0
    patience: float = 0.0
    probe: Probe | None = None
    alias: str | None = None
    alias_node: str = ""
    #: How many results in a row are needed for passing or warning, for warning instead of critical, and for critical.
    successes: int = 0
    warnings: int = 0
    failures: int = 0
    #: The successes and failures in a row. A new check counts as if it already had enough of both.
    well: int = 0
    ill: int = 0
    expires: float | None = None
    critical_since: float | None = None

    @property
    def id(self) -> str:
        """The id."""
        return str(self.value["CheckID"])


class Local:
    """The agent's services and checks, and its timers.

    Changes are written to the catalog at once, with the rights of the token that registered the service or the check. If the token may not
    write, the agent tries again later. may_write: returns whether a token may write a resource. clock: gives the time in seconds.
    """

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        settings: Settings,
        jitter: Callable[[], float],
        may_write: Callable[[str, str, str], bool],
        clock: Callable[[], float],
    ) -> None:
        self._store, self._catalog, self._settings, self._jitter = store, catalog, settings, jitter
        self._may_write, self._clock = may_write, clock
        #: The tokens of registrations, by kind and id; None while ACLs are off.
        self._tokens: dict[str, dict[str, str | None]] = {"service": {}, "check": {}}
        #: What the agent shows, by id.
        self.services: dict[str, dict[str, Any]] = {}
        self.checks: dict[str, Check] = {}
        #: The times at which a TTL ends, or a service with a critical check is deregistered.
        self._due = Timers()
        #: The times at which changed outputs are written to the catalog.
        self._deferrals = Timers()
        self._sync_at: float | None = None

    def dump(self) -> Any:
        """Return the state as JSON."""
        checks, deferred = [asdict(check) for check in self.checks.values()], self._deferrals.dump()
        return {"services": self.services, "checks": checks, "deferred": deferred, "sync_at": self._sync_at, "tokens": self._tokens}

    def load(self, state: Any, shift: float) -> None:
        """Load the dumped state. shift: seconds to add to its times."""
        self.services = dict(state["services"])
        self.checks, self._due = {}, Timers()
        for given in state["checks"]:
            self._put(_load_check(given, shift))
        self._deferrals = Timers({check: time + shift for check, time in state["deferred"].items()})
        self._sync_at = _shift_time(state["sync_at"], shift)
        self._tokens = {kind: dict(tokens) for kind, tokens in state["tokens"].items()}

    # Time.

    def next_deadline(self) -> float | None:
        """Return the time of the next event; None: never."""
        due = self._sync_at
        for time in (self._due.first(), self._deferrals.first()):
            due = time if due is None or (time is not None and time < due) else due
        return due

    def advance(self, now: float) -> None:
        """Do what is due: end TTLs, deregister services whose checks stayed critical, and repair the catalog."""
        for check_id in self._due.due(now):
            check = self.checks.get(check_id)
            if check is None:
                continue  # its service was removed with another check
            if check.expires is not None and check.expires <= now:
                self._put(replace(check, expires=None))
                last = check.value["Output"]
                output = "TTL expired" + (f" (last output before timeout follows): {last}" if last else "")
                self.update(check.id, "critical", output, now)
            if (reaped := self._deregister_at(check)) is not None and reaped <= now and check.id in self.checks:
                self.remove_service(check.value["ServiceID"])
        for check_id in self._deferrals.due(now):
            self.write_check(check_id)
        if self._sync_at is not None and self._sync_at <= now:
            self.sync()

    def _deregister_at(self, check: Check) -> float | None:
        if not check.patience or check.critical_since is None or not check.value["ServiceID"]:
            return None
        return check.critical_since + max(check.patience, _LEAST_PATIENCE)

    # The catalog.

    def note_write(self, node: str, now: float) -> None:
        """Record that someone wrote to a node in the catalog: if it is this node, the agent checks it later."""
        if node.lower() == self._settings.node.lower() and self._sync_at is None:
            self._sync_at = now + _SYNC

    def introduce_itself(self) -> None:
        """Write this node to the catalog, if its configuration changed since the last start."""
        row = self._catalog.node(self._settings.node)
        if row is None or row.value != own_node(self._settings):
            self._store.apply()
            self._catalog.ensure_node(own_node(self._settings))

    def sync(self) -> None:
        """Repair what the catalog says about this node."""
        self._sync_at = None
        node, catalog = self._settings.node, self._catalog
        self._store.apply()
        catalog.ensure_node(own_node(self._settings))
        known = {"consul", *(service_id.lower() for service_id in self.services)}
        for row in catalog.of_node(catalog.services, node):
            if row.value["ID"].lower() not in known and self._may_end("service", row.value["ID"], row.value["Service"]):
                self._store.apply()
                catalog.delete_service(node, row.value["ID"])
        for row in catalog.of_node(catalog.checks, node):
            check_id, service = row.value["CheckID"], row.value["ServiceName"]
            if check_id not in self.checks and check_id != "serfHealth" and self._may_end("check", check_id, service):
                self._store.apply()
                catalog.delete_check(node, row.value["CheckID"])
        for service_id, value in self.services.items():
            there = catalog.services.get((node.lower(), service_id.lower()))
            if there is not None and value["EnableTagOverride"]:
                value["Tags"] = there.value["Tags"]
            self.write_service(service_id, [check.id for check in self.checks.values() if check.value["ServiceID"] == service_id])
        for check in [check for check in self.checks.values() if not check.value["ServiceID"]]:
            self.write_check(check.id)

    # Rights.

    def _may(self, tokens: Iterable[str | None], services: Iterable[str]) -> bool:
        """Return whether one of the tokens may write one of the services, "" for the node. If not, the agent tries again later."""
        node = self._settings.node
        resources = [("service", service) if service else ("node", node) for service in services]
        if any(token is None or self._may_write(token, *resource) for token in tokens for resource in resources):
            return True
        self.note_write(node, self._clock())
        return False

    def _may_register(self, token: str | None, service_id: str, service: str) -> bool:
        """Return whether a token may write a service, "" for the node, and the service that it replaces in the catalog."""
        other = self._catalog.service_name(self._settings.node, service_id)
        return self._may([token], [service]) and (other is None or self._may([token], [other]))

    def _may_end(self, kind: str, identity: str, service: str) -> bool:
        """Return whether the agent may remove a service or a check from the catalog. The right to write the node is enough.

        1.8 uses the token of the registration; later versions use the agent's own, if it has one.
        """
        own = self._tokens[kind].get(identity, self._settings.agent_token or None)
        agents = [] if self._settings.version < V1_X else [self._settings.agent_token or own]
        ends = self._may([own, *agents], ["", service])
        if ends:
            self._tokens[kind].pop(identity, None)
        return ends

    def write_service(self, service_id: str, changed: Iterable[str] = ()) -> None:
        """Write a service to the catalog, and its changed checks, at one index."""
        node, catalog = self._settings.node, self._catalog
        value, token = self.services[service_id], self._tokens["service"].get(service_id)
        if not self._may_register(token, service_id, value["Service"]):
            return
        self._store.apply()
        if catalog.node(node) is None:
            catalog.ensure_node(own_node(self._settings))
        catalog.ensure_service(node, value)
        for check in [self.checks[check_id] for check_id in changed]:
            if check.value["ServiceID"] == service_id:
                if self._tokens["check"].get(check.id) == token:
                    self._deferrals.drop(check.id)
                    catalog.ensure_check(node, check.value)
                else:
                    self.write_check(check.id)

    def write_check(self, check_id: str) -> None:
        """Write a check to the catalog."""
        self._deferrals.drop(check_id)
        value = self.checks[check_id].value
        service, key = value["ServiceID"], (self._settings.node.lower(), value["ServiceID"].lower())
        if not self._may_register(self._tokens["check"].get(check_id), service, value["ServiceName"]):
            return
        if service and key not in self._catalog.services:
            self.write_service(service, [check_id])
            return
        self._store.apply()
        if self._catalog.node(self._settings.node) is None:
            self._catalog.ensure_node(own_node(self._settings))
        self._catalog.ensure_check(self._settings.node, self.checks[check_id].value)

    # Services and checks.

    def add_service(self, value: dict[str, Any], checks: list[Check], now: float, *, replace: bool, token: str | None) -> None:
        """Add a service with its checks. Its earlier checks stay, unless `replace` is set."""
        service_id = value["ID"]
        is_new = self.services.get(service_id) != value or self._settings.version < V1_9
        self.services[service_id] = value
        self._tokens["service"][service_id] = token
        if replace:
            kept = {check.id for check in checks}
            for check in [check for check in self.checks.values() if check.value["ServiceID"] == service_id and check.id not in kept]:
                self.remove_check(check.id)
        known = {**self.checks}
        is_other = {check.id: self._keep(check, known.get(check.id), now, token) for check in checks}
        changed = [check_id for check_id in is_other if is_other[check_id]]
        if is_new:
            self.write_service(service_id, changed)
        else:
            for check_id in changed:
                self.write_check(check_id)
            self.note_write(self._settings.node, now)
        self._touch(service_id)
        self.refresh_aliases(now)

    def remove_service(self, service_id: str) -> None:
        """Remove a service and its checks, here and in the catalog."""
        name = (self.services.pop(service_id, None) or {"Service": ""})["Service"]
        checks = [check for check in self.checks.values() if check.value["ServiceID"] == service_id]
        for check in checks:
            self._forget(check.id)
        if self._may_end("service", service_id, self._catalog.service_name(self._settings.node, service_id) or name):
            self._store.apply()
            self._catalog.delete_service(self._settings.node, service_id)
        else:
            for check in checks:
                self._end_check(check)
        self._touch(service_id)

    def add_check(self, check: Check, now: float, *, token: str | None) -> None:
        """Add a check."""
        if self._keep(check, self.checks.get(check.id), now, token):
            self.write_check(check.id)
        else:
            self.note_write(self._settings.node, now)
        self.refresh_aliases(now)

    def _keep(self, check: Check, before: Check | None, now: float, token: str | None) -> bool:
        """Add a check, and return whether the catalog must be written now. before: the check before the request.

        Since 1.9 the agent assumes that the catalog has what it already knew, and looks again only at the next repair.
        """
        self._tokens["check"][check.id] = token
        known = self.checks.get(check.id)
        if before is not None:
            # A check that is registered again keeps its state.
            value = {**check.value, "Status": before.value["Status"], "Output": before.value["Output"]}
            check = replace(check, value=value, critical_since=before.critical_since)
        self._put(_with_critical_since(replace(check, expires=now + check.ttl if check.ttl else None), now))
        return known is None or known.value != check.value or self._settings.version < V1_9

    def _put(self, check: Check) -> None:
        self.checks[check.id] = check
        times = [time for time in (check.expires, self._deregister_at(check)) if time is not None]
        if times:
            self._due.set(check.id, min(times))
        else:
            self._due.drop(check.id)

    def reset_ttl(self, check_id: str, now: float) -> None:
        """Start the TTL of a check again."""
        check = self.checks[check_id]
        self._put(replace(check, expires=now + check.ttl))

    def remove_check(self, check_id: str) -> None:
        """Remove a check, here and in the catalog."""
        check = self.checks[check_id]
        self._forget(check_id)
        self._end_check(check)

    def _end_check(self, check: Check) -> None:
        row = self._catalog.checks.get((self._settings.node.lower(), check.id.lower()))
        if self._may_end("check", check.id, (row or check).value["ServiceName"]):
            self._store.apply()
            self._catalog.delete_check(self._settings.node, check.id)

    def _forget(self, check_id: str) -> None:
        self.checks.pop(check_id, None)
        self._due.drop(check_id)
        self._deferrals.drop(check_id)

    def _touch(self, service_id: str) -> None:
        self._store.touch(("agent service", service_id))

    def update(self, check_id: str, status: str, output: str, now: float) -> None:
        """Set the status and the output of a check. A new status is written to the catalog at once, a new output later."""
        check = self.checks[check_id]
        before = check.value
        if (before["Status"], before["Output"]) == (status, output):
            return
        self._put(_with_critical_since(replace(check, value={**before, "Status": status, "Output": output}), now))
        if before["Status"] != status:
            self.write_check(check_id)
            self.refresh_aliases(now)
        elif check_id not in self._deferrals:
            self._deferrals.set(check_id, now + _OUTPUT_SYNC * (0.5 + self._jitter()))

    def record_probe(self, probe: Probe, status: str, output: str, now: float) -> None:
        """Record the result of a probe. Status and output change after enough results in a row; the first result of a check is enough."""
        check = self.checks[probe.check_id]
        is_well = status != "critical"
        check = replace(check, well=check.well + 1, ill=0) if is_well else replace(check, well=0, ill=check.ill + 1)
        self._put(check)
        if check.well >= check.successes if is_well else check.ill >= check.failures:
            self.update(check.id, status, output, now)
        elif not is_well and check.ill >= check.warnings:
            self.update(check.id, "warning", output, now)

    def refresh_aliases(self, now: float) -> None:
        """Update the alias checks."""
        for check in [check for check in self.checks.values() if check.alias is not None]:
            self.update(check.id, *self._alias_status(check), now)

    def _alias_status(self, alias: Check) -> tuple[str, str]:
        if alias.alias and alias.alias not in self.services:
            return "critical", f"Service {alias.alias} could not be found on node {alias.alias_node}"
        theirs = [check.value for check in self.checks.values() if check.alias is None and check.value["ServiceID"] in ("", alias.alias)]
        for status in ("critical", "warning"):
            for value in theirs:
                if value["Status"] == status:
                    return status, f"Aliased check {json.dumps(value['Name'], ensure_ascii=False)} failing: {value['Output']}"
        return "passing", "All checks passing." if theirs else "No checks found."


def _shift_time(time: float | None, shift: float) -> float | None:
    return None if time is None else time + shift


def _load_check(given: dict[str, Any], shift: float) -> Check:
    probe = given["probe"]
    if probe is not None:
        headers = {name: tuple(values) for name, values in probe["headers"].items()}
        probe = Probe(**{**probe, "headers": headers, "script": tuple(probe["script"])})
    times = {name: _shift_time(given[name], shift) for name in ("expires", "critical_since")}
    return Check(**{**given, **times, "probe": probe})


def _with_critical_since(check: Check, now: float) -> Check:
    """Return the check with the time at which it became critical."""
    if check.value["Status"] != "critical":
        return replace(check, critical_since=None)
    return check if check.critical_since is not None else replace(check, critical_since=now)
