"""Paths of the API: every name that a caller gives is one percent-encoded segment; a KV key keeps its slashes.

Consul answers a path with a double slash or a "." or ".." segment with a redirect to another key (1.8), or silently stores
another key (1.21.5 and newer), and refuses unprintable characters with an empty 400: such names fail here, before anything is sent.
https://developer.hashicorp.com/consul/api-docs/kv
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

#: RFC 3986, section 3.3: what may stand in a segment as it is.
_SEGMENT_SAFE = "!$&'()*+,;=:@~"

#: A name, and a key, that is its own path, which nearly all are.
_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*/?", re.ASCII)

#: What Consul cleans away: an empty segment, "." and "..".
_CLEANED = re.compile(r"//|(?:^|/)\.\.?(?:/|$)")


def _checked(name: str, what: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a str, not {type(name).__name__}")
    if not name.isprintable():
        raise ValueError(f"{what} must not contain line breaks or other unprintable characters, which Consul refuses: {name!r}")
    return name


def _quoted(name: str, what: str, safe: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    if _CLEANED.search(name):
        raise ValueError(f"Consul would read {what} as {cleaned(name)!r}: {name!r}")
    path = quote(name, safe=safe)
    # A leading slash reaches Consul 1.21.5 and newer when it is encoded; older agents answer with a redirect.
    return "%2F" + path[1:] if path.startswith("/") else path


def segment(name: str, what: str) -> str:
    """Return a name as one path segment. what: how errors call it ("a service ID"). Raises ValueError, TypeError."""
    if not _checked(name, what):
        raise ValueError(f"{what} must not be empty")
    return _quoted(name, what, _SEGMENT_SAFE)


def key_path(key: str, *, prefix: bool = False) -> str:
    """Return the path of a KV key; of a key prefix, which may be empty, with `prefix`. Raises ValueError, TypeError."""
    if not _checked(key, "a key") and not prefix:
        raise ValueError("a key must not be empty")
    if _PLAIN_KEY.fullmatch(key):
        return "/v1/kv/" + key
    return "/v1/kv/" + _quoted(key, "a key", _SEGMENT_SAFE + "/")


def api_path(path: str) -> str:
    """Check a whole path of the API and return it. Raises ValueError, TypeError."""
    if not isinstance(path, str):
        raise TypeError(f"a path must be a str, not {type(path).__name__}")
    if not path.startswith("/v1/") or "?" in path or "#" in path:
        raise ValueError(f"a path must begin with '/v1/' and have no query; pass options as query=: {path!r}")
    if _CLEANED.search(path):
        raise ValueError(f"Consul would read this path as {'/' + cleaned(path)!r}: {path!r}")
    return path


def key_of(path: str) -> str:
    """Return the key of a path made by `key_path`."""
    return unquote(path.removeprefix("/v1/kv/"))


def cleaned(key: str) -> str:
    """Return the key that Consul 1.21.5 and newer would store (Go's path.Clean)."""
    kept: list[str] = []
    for part in key.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept)
