"""Mutate requests: their paths, parameters, bodies, rules and filters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from consul_proto.message import QueryItem, Request
from tests.simulator.differential.strategies.rules import BROKEN, CAPITALS, ODD

#: Values in JSON of kinds and sizes that nobody expects.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 1e300, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30),
    *(
        "",
        " ",
        "a",
        "*",
        "0",
        "-1",
        "10s",
        "1h",
        "-5m",
        "99999999h",
        "\0",
        "\u00fc",
        "\ud800",
        "\U0001fae8",
        "a\nb",
        '"',
        "\\",
        "..",
        "{}",
        "web",
    ),
    *("2020-01-01T00:00:00Z", "10.0.0.1", "::1", "fe80::1%eth0", "http://a", "${a}", "%zz", "x" * 300),
    *([], {}, [None], [[]], [{}], {"": None}, {"a": {}}, ["a", "a"], {"a": "b"}, [1, "a", None, {}]),
)

#: Texts for parameters, labels and parts of paths.
_TEXTS = (
    *(
        "",
        "a",
        "*",
        "0",
        "1",
        "-1",
        "007",
        "1e3",
        "18446744073709551616",
        "x" * 300,
        " ",
        "+",
        "%",
        "..",
        ".",
        "/",
        "//",
        "\0",
        "\n",
        "\u00fc",
    ),
    *(
        "\u0663",
        "\u00b2",
        "\U0001fae8",
        "true",
        "null",
        "10s",
        "-1s",
        "1ms",
        "99999999h",
        "0",
        "_agent",
        "test-node",
        "web",
        "dc1",
        "global",
    ),
    *("00000000-0000-0000-0000-000000000002", "{}", "[]", '"', "\\", "?", "#", "&", "=", ";", "%2e%2e", "a/../b", "::1", "http"),
)

_PARAMETERS = (
    *("index", "wait", "dc", "ns", "partition", "token", "stale", "consistent", "cached", "recurse", "keys", "raw", "separator", "flags"),
    *("cas", "acquire", "release", "filter", "near", "node-meta", "tag", "passing", "pretty", "hash", "expanded", "policy", "role", "name"),
    *("enable", "reason", "note", "ttl", "service", "node", "limit", "connect", "format", "source", "destination", "by", "kind", "prefix"),
    *(
        "replace-existing-checks",
        "source-type",
        "merge-central-config",
        "list-primary",
        "wan",
        "relay-factor",
        "local-only",
        "max_stale",
        "compile-dc",
    ),
    *("x", "", "servicekind", "authmethod", "authmethod-ns", "overwrite", "peer", "ns-exact", "bexpr"),
)

_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH")

#: Words and marks of rules and of filters.
_OF_RULES = (
    "key",
    "key_prefix",
    "service",
    "policy",
    "intentions",
    "acl",
    '"a"',
    '"read"',
    '"write"',
    '"READ"',
    "{",
    "}",
    "=",
    "[",
    "]",
    ",",
    "<<E\n",
    '"',
)
_OF_FILTERS = (
    *(
        "not",
        "and",
        "or",
        "in",
        "contains",
        "matches",
        "is",
        "empty",
        "==",
        "!=",
        "(",
        ")",
        '"',
        "`",
        "[",
        "]",
        ".",
        "lan",
        "1",
        "-1",
        '"("',
        "Tags",
    ),
    *(
        "TaggedAddresses",
        "Meta",
        "Node",
        "ServiceMeta",
        "Weights",
        "Checks",
        "Service",
        "Proxy",
        "Connect",
        "Proxy.Upstreams",
        "Status",
        "Name",
    ),
)
_WORDS = re.compile(r'"[^"]*"|\w+|\s+|.', re.DOTALL)

_ASKED = (
    *(
        "lan in TaggedAddresses",
        "Service.TaggedAddresses.lan.Port == 1",
        "Meta.a is empty",
        "Proxy.Upstreams.DestinationName == a",
        "1 in Weights",
    ),
    *(
        "Connect.Native == true",
        "Checks.Status matches `(`",
        'Meta["a"] != "b"',
        "not (Node == a or Port != 1)",
        "Proxy is empty",
        "Addr contains 127",
    ),
)


#: Filters that nest, or repeat, something very often.
_DEEP = (
    *("(" * 900, "(" * 300 + "Service == a" + ")" * 300, "not " * 900 + "Node == a", "Node == a and " * 900 + "Node == a"),
    *("Node == a or not " * 300 + "Node == a", f"Service matches `{'(' * 1500}{')' * 1500}`", "Meta" + ".a" * 1500 + " == b"),
)


class Mutator:
    """Mutates requests at random."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def mutate(self, request: Request) -> Request | None:
        """Return a request with up to three changes, None if it cannot be sent."""
        method, path, query, body = request.method, request.path, request.query, request.read_body()
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3))):
            match self._random.choice(("body",) * 9 + ("path", "path", "query", "query", "query", "method")):
                case "body" if method == "GET":
                    query = (*query, ("filter", self._filter()))
                case "body":
                    body = self._body(body)
                case "path":
                    path = self._path(path)
                case "query":
                    query = self._query(query)
                case _:
                    method = self._random.choice(_METHODS)
        try:
            return Request(method, path, query, request.headers, body)
        except ValueError:
            return None

    def _pick(self, *several: Callable[[], Any]) -> Any:
        return self._random.choice(several)()

    def _path(self, path: str) -> str:
        parts = path.split("/")
        place = self._random.randrange(1, len(parts))
        text = quote(self._random.choice(_TEXTS), safe=self._random.choice(("", "/.")))
        match self._random.choice(("replace", "insert", "remove", "append", "double")):
            case "replace":
                parts[place] = text
            case "insert":
                parts.insert(place, text)
            case "remove":
                del parts[place]
            case "append":
                parts[place] += text
            case _:
                parts[place] = quote(parts[place], safe="")
        return "/".join(parts) if len(parts) > 1 else "/"

    def _query(self, query: tuple[QueryItem, ...]) -> tuple[QueryItem, ...]:
        pairs = [*query]
        name = self._random.choice(_PARAMETERS)
        if pairs and self._random.random() < 0.3:
            name = pairs.pop(self._random.randrange(len(pairs)))[0]
        if self._random.random() < 0.9:
            value = self._filter() if name == "filter" else self._random.choice((None, *_TEXTS))
            pairs.insert(self._random.randrange(len(pairs) + 1), (name, value))
        return tuple(pairs)

    def _filter(self) -> str:
        if self._random.random() < 0.02:
            return self._random.choice(_DEEP)
        text = self._random.choice(_ASKED)
        return self._words(text, _OF_FILTERS) if self._random.random() < 0.8 else text

    def _words(self, text: str, others: tuple[str, ...]) -> str:
        """Remove, replace or insert some words."""
        words = _WORDS.findall(text)
        for _ in range(self._random.randrange(1, 4)):
            place = self._random.randrange(len(words) + 1)
            words[place : place + self._random.randrange(2)] = self._random.choice(([], [self._random.choice(others)]))
        return "".join(words)

    def _rules(self) -> str:
        text = self._random.choice((*ODD, *BROKEN, *CAPITALS))
        return self._words(text, _OF_RULES) if self._random.random() < 0.8 else text

    def _body(self, body: bytes | None) -> bytes | None:
        if self._random.random() < 0.15:
            return self._bytes(body or b"{}")
        try:
            value = json.loads(body or b"{}")
        except ValueError:
            value = {}
        if isinstance(value, dict) and "Rules" in value and self._random.random() < 0.5:
            return json.dumps(value | {"Rules": self._rules()}).encode()
        return json.dumps(self._value(value)).encode("utf-8", "surrogatepass")

    def _bytes(self, body: bytes) -> bytes:
        """Cut, insert or repeat a piece."""
        start, end = sorted(self._random.randrange(len(body) + 1) for _ in range(2))
        piece = self._random.choice(
            (b"", b"\xff", b"\0", b"{", b"}", b"[", b'"', b",", b":", b"null", b"1e999", b"\\u00", body[start:end] * 2)
        )
        return body[:start] + piece + (body[start:] if self._random.random() < 0.5 else body[end:])

    def _value(self, value: Any) -> Any:
        """Change one place of a JSON value."""
        if isinstance(value, dict) and value and self._random.random() < 0.85:
            return self._object(value)
        if isinstance(value, list) and value and self._random.random() < 0.7:
            place = self._random.randrange(len(value))
            return [*value[:place], *self._random.choice(([self._value(value[place])], [], [value[place]] * 2)), *value[place + 1 :]]
        return self._random.choice(_VALUES)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        name = self._random.choice([*value])
        rest = {other: one for other, one in value.items() if other != name}
        match self._random.choice(("change", "change", "change", "change", "rename", "remove", "add")):
            case "change":
                return value | {name: self._rules() if name == "Rules" and self._random.random() < 0.8 else self._value(value[name])}
            case "rename":
                return {self._random.choice((name.lower(), name.upper(), "", f"{name}s")): value[name], **rest}
            case "remove":
                return rest
        return value | {self._random.choice(_MEMBERS): self._random.choice(_VALUES)}


#: Members of requests.
_MEMBERS = (
    *("ID", "Name", "Node", "Address", "Service", "Services", "Check", "Checks", "Proxy", "Connect", "Weights", "TaggedAddresses", "Meta"),
    *("Tags", "Port", "Ports", "Kind", "TTL", "Interval", "Timeout", "HTTP", "TCP", "Args", "AliasService", "AliasNode", "Status", "Notes"),
    *("Definition", "LockDelay", "Behavior", "NodeChecks", "ServiceChecks", "Template", "DNS", "Token", "Session", "Near", "Failover"),
    *("Policies", "Roles", "ServiceIdentities", "NodeIdentities", "TemplatedPolicies", "ExpirationTTL", "ExpirationTime", "AccessorID"),
    *("SecretID", "Rules", "Datacenters", "Selector", "BindType", "BindName", "AuthMethod", "Config", "Upstreams", "SidecarService"),
    *("Sources", "Listeners", "Routes", "Splits", "Subsets", "Redirect", "KV", "Verb", "Key", "Value", "Index", "Flags", "Locality"),
)
