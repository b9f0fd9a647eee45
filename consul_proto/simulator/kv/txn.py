"""Transactions: all operations are carried out, or none.

https://developer.hashicorp.com/consul/api-docs/txn
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from consul_proto.simulator.catalog.bodies import TXN
from consul_proto.simulator.engine.answers import Refusal, WriteAnswer, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_8, V1_14, V1_X, Version, pick
from consul_proto.simulator.go.quoting import quote
from consul_proto.simulator.kv.kv import KV, OPTIONS, Entry
from consul_proto.simulator.kv.sessions import Sessions
from consul_proto.simulator.kv.txn_catalog import CatalogStep, CatalogSteps, Failure, read_step

#: The most operations in one transaction; 128 since 1.14: https://developer.hashicorp.com/consul/api-docs/txn
_MOST = {V1_8: 64, V1_14: 128}

#: The verbs that write nothing. A transaction of only these is a read, and its answer has another form.
_READS = frozenset({"get", "get-or-empty", "get-tree", "check-index", "check-session", "check-not-exists"})

#: The members that only the answer of a read has, by version.
_READ_FORM: dict[Version, dict[str, Any]] = {
    V1_8: {"Index": 0, "LastContact": 0, "KnownLeader": True, "ConsistencyLevel": ""},
    V1_X: {
        "Index": 1,
        "LastContact": 0,
        "KnownLeader": True,
        "ConsistencyLevel": "",
        "NotModified": False,
        "Backend": 0,
        "ResultsFilteredByACLs": False,
    },
}


#: The same for a transaction that is refused before anything is read.
_REFUSED_FORM = {V1_8: _READ_FORM[V1_8], V1_X: _READ_FORM[V1_X] | {"Index": 0, "KnownLeader": False}}


class Step(NamedTuple):
    """One operation."""

    verb: str
    key: str
    value: bytes
    flags: int
    modified: int
    session: str

    def without_value(self) -> Entry:
        """Return the operation itself as an entry, as "get-or-empty" does for a missing key."""
        return Entry(self.key, b"", self.flags, self.session, 0, 0, self.modified)


Results = list[tuple[Entry, bool]]


class Txn:
    """`/v1/txn`."""

    def __init__(self, store: Store, kv: KV, sessions: Sessions, catalog: CatalogSteps, version: Version) -> None:
        self._store, self._kv, self._sessions, self._catalog, self._version = store, kv, sessions, catalog, version
        self._verbs: dict[str, Callable[[Step], Results]] = {
            "set": lambda step: self._result(kv.put(step.key, step.value, step.flags), ""),
            "cas": lambda step: self._result(
                kv.cas(step.key, step.value, step.flags, step.modified), f"failed to set key {quote(step.key)}, index is stale"
            ),
            "lock": self._lock,
            "unlock": lambda step: self._result(
                kv.unlock(step.key, step.value, step.flags, step.session),
                f"failed to unlock key {quote(step.key)}, lock isn't held, or is held by another session",
            ),
            "get": self._get,
            **({} if version < V1_X else {"get-or-empty": lambda step: [(kv.get(step.key) or step.without_value(), True)]}),
            "get-tree": lambda step: [(entry, True) for entry in kv.below(step.key)],
            "check-index": self._check_index,
            "check-session": self._check_session,
            "check-not-exists": self._check_not_exists,
            "delete": self._delete,
            "delete-tree": self._delete_tree,
            "delete-cas": self._delete_cas,
        }

    def routes(self) -> dict[str, Route]:
        """Return the endpoint."""
        return {"/v1/txn": Route(("PUT",), write=self.apply)}

    def apply(self, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT: return the results, or the errors."""
        steps = self._steps(request)
        request.options()
        request.reach_servers()
        is_read = all(self._is_read(step) for step in steps)
        if faults := [(place, text) for place, step in enumerate(steps) if (text := self._fault(request, step, now))]:
            return self._read([], faults, pick(_REFUSED_FORM, self._version)) if is_read else WriteAnswer(self._render([], faults), 409)
        if is_read:
            results, errors = self._run(steps)
            # If anything failed there are no results, so none are left out for the token.
            results = [] if errors else _visible(request, results)
            filtered = {"ResultsFilteredByACLs": True} if request.is_filtered and request.token and self._version >= V1_X else {}
            return self._read(results, errors, pick(_READ_FORM, self._version) | filtered)
        self._store.apply()
        self._store.begin()
        results, errors = self._run(steps)
        if errors:
            self._store.rollback()
        else:
            self._store.commit()
        return WriteAnswer(self._render(_visible(request, results), errors), 409 if errors else 200)

    def _read(self, results: list[dict[str, Any]], errors: list[tuple[int, str]], form: dict[str, Any]) -> WriteAnswer:
        headers = tuple(server_headers(known=form["KnownLeader"]))
        return WriteAnswer(self._render(results, errors) | form, 409 if errors else 200, headers=headers)

    def _fault(self, request: ServerRequest, step: Step | CatalogStep, now: float) -> str:
        """Return why an operation is refused before it begins, "" if it is not."""
        if isinstance(step, CatalogStep):
            return self._catalog.vet(step) or self._catalog.require(request, step)
        if not step.key and step.verb != "delete-tree":
            return "Must provide key"
        if step.verb not in self._verbs and self._version >= V1_X:
            return f"unknown KV operation: {step.verb}"
        if denied := _denial(request, step):
            return denied
        is_delayed = step.verb == "lock" and self._sessions.is_delayed(step.key, now)
        return f"failed to lock key {quote(step.key)} due to lock delay" if is_delayed else ""

    def _is_read(self, step: Step | CatalogStep) -> bool:
        if isinstance(step, CatalogStep):
            return step.verb == "get"
        return step.verb not in self._verbs or step.verb in _READS

    def _run(self, steps: list[Step | CatalogStep]) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
        results: list[dict[str, Any]] = []
        errors: list[tuple[int, str]] = []
        for place, step in enumerate(steps):
            try:
                results += self._catalog.run(step) if isinstance(step, CatalogStep) else self._run_kv(step)
            except Failure as failure:
                errors.append((place, str(failure)))
            except Refusal as refusal:
                errors.append((place, refusal.text))
        return results, errors

    def _run_kv(self, step: Step) -> list[dict[str, Any]]:
        verb = self._verbs.get(step.verb)
        if verb is None:
            raise Failure(f"unknown KV verb {quote(step.verb)}")
        return [{"KV": entry.render(value=value)} for entry, value in verb(step)]

    def _render(self, results: list[dict[str, Any]], errors: list[tuple[int, str]]) -> dict[str, Any]:
        return {
            "Results": None if errors else results,
            "Errors": [{"OpIndex": place, "What": what} for place, what in errors] or None,
        }

    def _steps(self, request: ServerRequest) -> list[Step | CatalogStep]:
        largest = request.settings.kv_max_value_size
        most_bytes = max(request.settings.txn_max_req_len, largest)
        size = len(request.body)
        if size > most_bytes:
            url = pick(OPTIONS, self._version)
            raise Refusal(413, f"Request body({size} bytes) too large, max size: {most_bytes} bytes. See {url}txn_max_req_len.")
        given = request.decode(TXN, "Failed to parse body: ")
        most = pick(_MOST, self._version)
        if len(given) > most:
            raise Refusal(413, f"Transaction contains too many operations ({len(given)} > {most})")
        steps = [step for operation in given if (step := self._step(operation)) is not None]
        for step in steps:
            if isinstance(step, Step) and len(step.value) > largest:
                raise Refusal(413, f"Value for key {quote(step.key)} is too large ({len(step.value)} > {largest} bytes)")
        return steps

    def _step(self, operation: dict[str, Any]) -> Step | CatalogStep | None:
        """Read one operation: the first member counts. None if there is none."""
        kind = next((name for name in ("KV", "Node", "Service", "Check") if operation.get(name) is not None), None)
        if kind is None:
            return None
        given = operation[kind]
        if kind != "KV":
            return read_step(kind, given, self._version)
        verb, key, session = (given.get(name, "") for name in ("Verb", "Key", "Session"))
        return Step(verb, key, given.get("Value", b""), given.get("Flags", 0), given.get("Index", 0), session)

    def _result(self, entry: Entry | None, otherwise: str) -> Results:
        if entry is None:
            raise Failure(otherwise)
        return [(entry, False)]

    def _lock(self, step: Step) -> Results:
        entry = self._kv.lock(step.key, step.value, step.flags, step.session)
        return self._result(entry, f"failed to lock key {quote(step.key)}, lock is already held")

    def _existing(self, step: Step, what: str = "") -> Entry:
        entry = self._kv.get(step.key)
        if entry is None:
            raise Failure(f"{what}key {quote(step.key)} doesn't exist")
        return entry

    def _get(self, step: Step) -> Results:
        return [(self._existing(step), True)]

    def _check_index(self, step: Step) -> Results:
        entry = self._existing(step, "failed to check index, ")
        if entry.modify_index != step.modified:
            raise Failure(f"failed index check for key {quote(step.key)}, current modify index {entry.modify_index} != {step.modified}")
        return [(entry, False)]

    def _check_session(self, step: Step) -> Results:
        entry = self._existing(step, "failed to check session, ")
        if entry.session != step.session:
            raise Failure(
                f"failed session check for key {quote(step.key)}, current session {quote(entry.session)} != {quote(step.session)}"
            )
        return [(entry, False)]

    def _check_not_exists(self, step: Step) -> Results:
        if self._kv.get(step.key) is not None:
            raise Failure(f"key {quote(step.key)} exists")
        return []

    def _delete(self, step: Step) -> Results:
        self._kv.delete(step.key)
        return []

    def _delete_tree(self, step: Step) -> Results:
        self._kv.delete_tree(step.key)
        return []

    def _delete_cas(self, step: Step) -> Results:
        if not self._kv.delete_cas(step.key, step.modified):
            raise Failure(f"failed to delete key {quote(step.key)}, index is stale")
        return []


#: Verbs whose results are left out if the token may not read them; the other verbs need a right of their own.
_FILTERED = {V1_8: ("get", "get-tree"), V1_X: ("get", "get-or-empty", "get-tree")}


def _denial(request: ServerRequest, step: Step) -> str:
    """Return which right the token lacks for an operation on a key, "" if none."""
    authorizer = request.authorizer
    if authorizer is None or step.verb in pick(_FILTERED, request.settings.version):
        return ""
    resource = "key_prefix" if step.verb == "delete-tree" else "key"
    access = "read" if step.verb in ("check-index", "check-session") else "write"
    return "" if authorizer.allows(resource, step.key, access) else authorizer.refusal(resource, step.key, access)


def _visible(request: ServerRequest, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results that the token may see."""
    return [result for result in results if _may_see(request, result)]


def _may_see(request: ServerRequest, result: dict[str, Any]) -> bool:
    ((kind, shown),) = result.items()
    if kind == "KV":
        return request.may("key", shown["Key"], "read")
    service = shown.get("Service") or shown.get("ServiceName")
    return request.may("service", service, "read") if service else request.may("node", shown["Node"], "read")
