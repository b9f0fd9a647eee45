"""The rules of the simulator that `scripts/mutants` breaks, one at a time."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """A rule, and how to break it: the file in its folder, its text, and what replaces the text."""

    rule: str
    file: str
    text: str
    broken: str


MUTANTS = [
    # Keys.
    Mutant("a CAS of 0 only creates", "kv/kv.py", "if index != (before.modify_index if before else 0):", "if index and before is None:"),
    Mutant(
        "a CAS needs the exact index, not a later one",
        "kv/kv.py",
        "if index != (before.modify_index if before",
        "if index < (before.modify_index if before",
    ),
    Mutant("a CAS that deletes needs the exact index", "kv/kv.py", "if before.modify_index != index:", "if before.modify_index < index:"),
    Mutant("a write of the same value keeps the index", "kv/kv.py", "if entry == before:", "if entry is before:"),
    Mutant("a write keeps the create index", "kv/kv.py", "before.create_index if before else index,", "index,"),
    Mutant(
        "a key's index is its own, not the table's",
        "kv/kv.py",
        "ReadAnswer(entry.modify_index, _list([entry]))",
        "ReadAnswer(self._kv.table_index(), _list([entry]))",
    ),
    Mutant("a deletion moves the index of its prefix", "kv/kv.py", "        if bury:\n", "        if not bury:\n"),
    Mutant("names end after the separator, not before it", "kv/kv.py", "entry.key[: end + len(separator)]", "entry.key[:end]"),
    Mutant(
        "a value of exactly the largest size is accepted", "kv/kv.py", "if len(request.body) > largest:", "if len(request.body) >= largest:"
    ),
    Mutant("a value that is too large is refused", "kv/kv.py", "if len(request.body) > largest:", "if len(request.body) > 2 * largest:"),
    # Locks.
    Mutant(
        "a key that another session holds is not locked",
        "kv/kv.py",
        "before.lock_index) if before.session == session else None",
        "before.lock_index)",
    ),
    Mutant("the lock index counts locks", "kv/kv.py", "(before.lock_index if before else 0) + 1)", "before.lock_index if before else 0)"),
    Mutant(
        "the lock index does not count a second lock by the holder",
        "kv/kv.py",
        "session, before.lock_index) if before.session",
        "session, before.lock_index + 1) if before.session",
    ),
    Mutant(
        "a plain write keeps the lock",
        "kv/kv.py",
        'session if session is not None else before.session if before else "",',
        'session or "",',
    ),
    Mutant("only its holder releases a key", "kv/kv.py", "if before is None or before.session != session:", "if before is None:"),
    Mutant("a lock delay is respected", "kv/kv.py", "if self._sessions.is_delayed(key, now):", "if False:"),
    Mutant("a lock delay ends", "kv/sessions.py", "return self._delays.get(key, now) > now", "return key in self._delays"),
    Mutant("no lock delay is longer than a minute", "kv/sessions.py", "min(ended.lock_delay, _LONGEST_DELAY)", "ended.lock_delay"),
    Mutant("the lock delay is 15 seconds", "kv/sessions.py", "86_400 * _SECOND, 15 * _SECOND", "86_400 * _SECOND, 10 * _SECOND"),
    Mutant(
        "a small lock delay is in seconds", "kv/sessions.py", "return given * _SECOND if given < _SECONDS_BELOW else given", "return given"
    ),
    # Sessions.
    Mutant("a session lives for twice its TTL", "kv/sessions.py", "_GRACE = 2", "_GRACE = 1"),
    Mutant(
        "a renewal starts the TTL again",
        "kv/sessions.py",
        "            self.ends.set(session, now",
        "            session in self.ends.dump() or self.ends.set(session, now",
    ),
    Mutant("a TTL of exactly ten seconds is accepted", "kv/sessions.py", "not least <= lasts <=", "not least < lasts <="),
    Mutant("behaviour delete deletes", "kv/kv.py", "            if delete:\n", "            if not delete:\n"),
    Mutant("a critical check ends its sessions", "catalog/tables.py", 'if value["Status"] == "critical":', 'if value["Status"] == "none":'),
    Mutant("a warning ends no session", "catalog/tables.py", 'if value["Status"] == "critical":', 'if value["Status"] != "passing":'),
    Mutant(
        "a session needs a check that is not critical",
        "kv/sessions.py",
        'if row.value["Status"] == "critical":',
        'if row.value["Status"] == "none":',
    ),
    Mutant(
        "the removal of a node ends its sessions", "kv/sessions.py", "if check is None or check in", "if check is not None and check in"
    ),
    Mutant(
        "the removal of a check ends its sessions", "catalog/tables.py", 'self.on_gone(row.value["Node"], row.value["CheckID"])', "pass"
    ),
    # Transactions.
    Mutant("a failed transaction is undone", "kv/txn.py", "            self._store.rollback()", "            self._store.commit()"),
    Mutant("a transaction is undone from its last step", "engine/store.py", "for undo in reversed(steps):", "for undo in steps:"),
    Mutant("the number of operations is limited", "kv/txn.py", "if len(given) > most:", "if len(given) > most + 1:"),
    Mutant(
        "check-index needs the exact index",
        "kv/txn.py",
        "if entry.modify_index != step.modified:",
        "if entry.modify_index < step.modified:",
    ),
    Mutant("check-not-exists fails for an existing key", "kv/txn.py", "if self._kv.get(step.key) is not None:", "if False:"),
    Mutant("a transaction respects a lock delay", "kv/txn.py", 'is_delayed = step.verb == "lock" and', "is_delayed = False and"),
    Mutant("a transaction needs the rights of each operation", "kv/txn.py", "if denied := _denial(request, step):", 'if denied := "":'),
    # Indexes and waiting.
    Mutant(
        "each table has an index of its own",
        "engine/store.py",
        "return max(self._tables.get(name, 0) for name in names)",
        "return self.index",
    ),
    Mutant(
        "the key with the name of a prefix wakes its queries",
        "engine/store.py",
        "for end in range(len(key) + 1):",
        "for end in range(len(key)):",
    ),
    Mutant("a write wakes only the queries that depend on it", "machine.py", "if parked.is_news(answer):", "if True:"),
    Mutant(
        "no wait is longer than ten minutes",
        "engine/request.py",
        "_WAIT, _LONGEST_WAIT = 300.0, 600.0",
        "_WAIT, _LONGEST_WAIT = 300.0, 6000.0",
    ),
    Mutant("a wait is longer by at most a sixteenth", "machine.py", "_JITTER = 1 / 16", "_JITTER = 1 / 8"),
    # The parameters that calls share.
    Mutant("a namespace is refused", "engine/request.py", "            self._have_no(_NAMESPACE)\n", ""),
    Mutant("a partition is refused", "engine/request.py", "            self._have_no(_PARTITION)", "            return"),
    Mutant("a header is refused as well as a parameter", "engine/request.py", "if self.headers.get(header):", "if False:"),
    Mutant(
        "1.8 knows nothing of partitions",
        "engine/request.py",
        "        if self.settings.version >= V1_11:\n            self._have_no",
        "        self._have_no",
    ),
    Mutant("only one consistency mode is accepted", "engine/request.py", "        self.one_consistency()\n", ""),
    Mutant("another datacenter is refused", "engine/request.py", 'if self.first("dc") not in ("", self.settings.datacenter):', "if False:"),
    Mutant("health checks the namespace before the wait", "machine.py", "            route.first(request)", "            pass"),
    Mutant("another cluster has no instances", "discovery/health.py", 'if request.first("peer"):', "if False:"),
    Mutant("sameness groups are refused", "discovery/health.py", 'if request.first("sg") or request.first("sameness-group"):', "if False:"),
    Mutant(
        "unknown endpoints are not found",
        "engine/routes.py",
        "else path == one for one in self._unsimulated",
        "else True for one in self._unsimulated",
    ),
    Mutant("an invalid filter of checks is refused late", "filters/parameter.py", "        if late:", "        if False:"),
    # The catalog.
    Mutant(
        "an unchanged registration keeps the index",
        "catalog/tables.py",
        "if before is not None and before.value | aside == value | aside and (before.node == node or self._version >= V1_9):",
        "if False:",
    ),
    Mutant(
        "a check of a node counts for its services",
        "catalog/tables.py",
        "        else:\n            self._change_services(node)",
        "        else:\n            pass",
    ),
    Mutant("the index of a removed service stays", "catalog/tables.py", 'self._store.change("service extinctions")', "pass"),
    Mutant("a node is removed with its checks", "catalog/tables.py", "for check in self.of_node(self.checks, key):", "for check in ():"),
    Mutant(
        "names are compared without case",
        "catalog/tables.py",
        "self._instances.get(service.lower(), ())",
        "self._instances.get(service, ())",
    ),
    Mutant("a check needs an existing service", "catalog/tables.py", 'raise CatalogError("Missing service registration")', "pass"),
    Mutant(
        "instances need all of the requested tags",
        "catalog/endpoint.py",
        "return all(tag.lower() in known",
        "return any(tag.lower() in known",
    ),
    Mutant(
        "instances need the requested metadata", "catalog/endpoint.py", "all(meta.get(name) == value for", "any(meta.get(name) != value for"
    ),
    Mutant(
        "near sorts by distance",
        "catalog/endpoint.py",
        "key=lambda row: distance(node_of(row)))",
        "key=lambda row: -distance(node_of(row)))",
    ),
    Mutant(
        "all checks must pass, not any", "discovery/health.py", 'if all(check["Status"] == "passing"', 'if any(check["Status"] == "passing"'
    ),
    Mutant(
        "the checks of the node count for health", "catalog/tables.py", 'for row in rows if not row.value["ServiceID"]]', "for row in ()]"
    ),
    # The agent.
    Mutant(
        "a check turns critical when its TTL ends",
        "agent/local.py",
        'self.update(check.id, "critical", output, now)',
        'self.update(check.id, "warning", output, now)',
    ),
    Mutant("a report starts the TTL again", "agent/local.py", "self._put(replace(check, expires=now + check.ttl))", "pass"),
    Mutant("nothing is deregistered within a minute", "agent/local.py", "_LEAST_PATIENCE = 60.0", "_LEAST_PATIENCE = 0.0"),
    Mutant(
        "the time until deregistration starts when a check turns critical",
        "agent/local.py",
        "return replace(check, critical_since=None)",
        "return check",
    ),
    Mutant("a check that is registered again keeps its status", "agent/local.py", '"Status": before.value["Status"], ', ""),
    Mutant("the catalog is repaired within a minute", "agent/local.py", "_SYNC = 60.0", "_SYNC = 600.0"),
    Mutant(
        "tags of others stay if they may override them",
        "agent/local.py",
        'if there is not None and value["EnableTagOverride"]:',
        "if False:",
    ),
    Mutant(
        "a new output alone is written later",
        "agent/local.py",
        "self._deferrals.set(check_id, now + _OUTPUT_SYNC * (0.5 + self._jitter()))",
        "self.write_check(check_id)",
    ),
    Mutant(
        "the agent assumes that the catalog has what it knows",
        "agent/local.py",
        "is_new = self.services.get(service_id) != value or self._settings.version < V1_9",
        "is_new = True",
    ),
    Mutant("an alias has the worst status", "agent/local.py", 'for status in ("critical", "warning"):', 'for status in ("critical",):'),
    # Queries, config entries, intentions, events, filters.
    Mutant(
        "a query can require passing instances",
        "discovery/queries.py",
        'not (states - {"passing"}) if wanted',
        '"critical" not in states if wanted',
    ),
    Mutant("a query leaves out critical instances", "discovery/queries.py", 'else "critical" not in states', "else True"),
    Mutant(
        "a query can exclude a tag",
        "discovery/queries.py",
        'if (tag[1:].lower() in tags) if tag.startswith("!") else',
        "if False if tag.startswith('!') else",
    ),
    Mutant("the template with the longest prefix counts", "discovery/queries.py", "fill_in(max(templates,", "fill_in(min(templates,"),
    Mutant(
        "a query ends with its session",
        "discovery/queries.py",
        "            del self._queries[identity]\n            self._store.change",
        "            self._store.change",
    ),
    Mutant(
        "the most specific intention comes first",
        "connect/intentions.py",
        'return -one["Precedence"], one',
        'return one["Precedence"], one',
    ),
    Mutant(
        "a check knows one type of source",
        "connect/intentions.py",
        'request.first("source-type")) != "consul":',
        'request.first("source-type")) == "":',
    ),
    Mutant(
        "sources are sorted by precedence",
        "config/intention_sources.py",
        'sorted(sources, key=lambda one: -one["Precedence"])',
        "sources",
    ),
    Mutant(
        "an intention keeps the rest of its entry",
        "connect/intentions.py",
        "order_sources({**before, ",
        'order_sources({"Kind": _KIND, "Name": destination, ',
    ),
    Mutant(
        "permissions need a protocol with requests",
        "config/chains.py",
        "    if protocol not in _OF_REQUESTS:",
        '    if protocol == "nothing":',
    ),
    Mutant(
        "a listener has the protocol of its services",
        "config/chains.py",
        'protocol_of(service) != listener["Protocol"]',
        "not protocol_of(service)",
    ),
    Mutant(
        "service-defaults replace proxy-defaults",
        "config/chains.py",
        'own["Protocol"] if own else usual',
        'own and own["Protocol"] or usual',
    ),
    Mutant("a list of one is the same as its value", "go/mapstructure.py", "                value = value[0]", "                pass"),
    Mutant("unknown members are refused", "go/mapstructure.py", "self.unknown.append(", "str("),
    Mutant("weights add up to 100", "config/rules.py", "if total != 10000:", "if total > 10000:"),
    Mutant("a timeout is not negative", "config/resolver_rules.py", 'if timeout.startswith("-"):', 'if timeout == "-":'),
    Mutant(
        "the services of a gateway keep their index",
        "config/gateway_services.py",
        "if key not in self._rows or self._rows",
        "if True or self._rows",
    ),
    Mutant("an unchanged entry is not written", "config/entries.py", "        if not self._entries.is_same(entry):", "        if True:"),
    Mutant("permissive mode must be enabled in the mesh", "config/entries.py", 'not mesh.get("AllowEnablingPermissiveMutualTLS")', "False"),
    Mutant("a type that decodes itself tells what is wrong in it first", "go/json.py", "place._replace(saved=[])", "place"),
    Mutant("of several mistakes, the first is told", "go/json.py", "raise inner.saved[0]", "raise inner.saved[-1]"),
    Mutant("a sidecar is looked at before checks", "catalog/registration.py", "*((True, fault) for fault in more),", ""),
    Mutant("an agent remembers 256 events", "agent/events.py", "_MOST_EVENTS = 256", "_MOST_EVENTS = 255"),
    Mutant(
        "and binds before or",
        "filters/expressions.py",
        "return lambda value: any(part(value) for part in parts)",
        "return lambda value: all(part(value) for part in parts)",
    ),
    # ACLs.
    Mutant(
        "a rule for the exact name wins over a prefix",
        "acl/permissions.py",
        "return exact if exact is not None else self._of_prefix(resource, name)",
        "return self._of_prefix(resource, name) or exact",
    ),
    Mutant("the longest prefix wins", "acl/permissions.py", "prefixes[max(found, key=len)]", "prefixes[min(found, key=len)]"),
    Mutant("deny wins", "acl/permissions.py", '("deny", "write", "list", "read")', '("write", "list", "read", "deny")'),
    Mutant("the widest access wins", "acl/permissions.py", '("deny", "write", "list", "read")', '("deny", "read", "list", "write")'),
    Mutant("write includes read", "acl/permissions.py", '"write": {"read", "list", "write"}', '"write": {"write"}'),
    Mutant("the default policy never grants rights to ACLs", "acl/permissions.py", 'and resource not in ("acl", "snapshot")', ""),
    Mutant("the default policy can deny", "acl/permissions.py", 'else self.default == "allow" and', "else True and"),
    Mutant(
        "deleting a tree needs the right to all of it",
        "acl/permissions.py",
        'if base not in (None, "write") or any(policy != "write" for policy in below):',
        'if base not in (None, "write"):',
    ),
    Mutant(
        "only a rule for a prefix lets a tree be deleted",
        "acl/permissions.py",
        'base = self._of_prefix("key", prefix)',
        'base = self._policy("key", prefix)',
    ),
    Mutant("an auth method keeps its type", "acl/login_records.py", 'kind != before["Type"]', "not kind"),
    Mutant("auth methods are listed without their configs", "acl/endpoint.py", 'else ("Config",)', "else ()"),
    Mutant(
        "binding rules are deleted with their auth method",
        "acl/tables.py",
        'if made["AuthMethod"] == identity]',
        'if made["ID"] == identity]',
    ),
    Mutant(
        "a request without a token is anonymous",
        "acl/tables.py",
        'self.by_secret(secret or "anonymous")',
        "self.by_secret(secret or self._settings.management_token)",
    ),
    Mutant("a token has the rights of its roles", "acl/tables.py", "rules, manages = rules + more, manages or also", "pass"),
    Mutant("a policy applies only in its datacenters", "acl/tables.py", "if not here or self._settings.datacenter in here:", "if True:"),
    Mutant(
        "a service identity may register the sidecar",
        "acl/policies.py",
        'Rule("service", f"{name}-sidecar-proxy", False, "write"), *every]',
        "*every]",
    ),
    Mutant(
        "registering over a service needs the right to it",
        "agent/service_rules.py",
        "    if known is not None:\n",
        "    if known is None:\n",
    ),
    Mutant(
        "registering over a check needs the right to it",
        "agent/checks.py",
        "if known := self._local.checks.get(check_id):",
        "if known := None:",
    ),
    Mutant(
        "replacing a service of the catalog needs the right to it",
        "catalog/registration.py",
        'if other is not None and not request.allows("service", other, "write"):',
        "if False:",
    ),
    Mutant("a sidecar has a token of its own", "agent/service_rules.py", 'sidecar.get("Token") or "")', '"")'),
    Mutant("a deleted token is unknown", "acl/tables.py", 'self._by_secret.pop(record["SecretID"], None)', "pass"),
    Mutant("keys that the token may not read are left out", "kv/kv.py", 'if request.may("key", entry.key, "read")]', "]"),
    Mutant(
        "intentions have rights of their own",
        "acl/permissions.py",
        'implied = "read" if rule.policy in ("read", "write") else "deny"',
        "implied = rule.policy",
    ),
    Mutant("no log line has a token of the query", "agent/telemetry.py", "if name == 'token'", "if name == ''"),
    Mutant("a snapshot's checksums must be right", "operator/snapshot.py", ".hexdigest() != known:", ".hexdigest() == '':"),
]
