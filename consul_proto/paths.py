"""Paths of the API: every name that a caller gives is one percent-encoded segment; a KV key keeps its slashes.

What real agents do, from 1.8.7 to 1.22.5:

- Unprintable characters get an empty 400. Which characters are printable depends on the Unicode version of the agent. A character that is
  unprintable in every version is refused here, before anything is sent; for any other, the agent decides.
- A key in a path is cleaned: "a//b", "." and "a/../b" become other keys, or a redirect to these. Only a transaction reaches such keys.
- A name in a path is not changed since 1.21.5; older agents clean it as well, and answer with a redirect.

https://developer.hashicorp.com/consul/api-docs/kv
"""

from __future__ import annotations

import re
from unicodedata import category

from consul_proto.percent import quote, unquote

#: RFC 3986, section 3.3: the characters that a segment may contain without encoding.
_SEGMENT_SAFE = "!$&'()*+,;=:@~"

#: A name and a key that need no encoding, as most do.
_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*/?", re.ASCII)

#: Segments that Consul removes from a key: an empty one, "." and "..".
_CLEANED = re.compile(r"//|(?:^|/)\.\.?(?:/|$)")

#: The categories that Go's unicode.IsPrint refuses in every version: their characters never change. (Unassigned ones, Cn, can change.)
_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})

#: Characters beyond the first 65,536 that every Consul since 1.8 prints: emoji and ideographs up to Unicode 12.
_KNOWN = re.compile(
    "[\U0001f300-\U0001f6d5\U0001f6e0-\U0001f6ec\U0001f6f0-\U0001f6fa\U0001f90d-\U0001f971\U0001f973-\U0001f976"
    "\U0001f97a-\U0001f9a2\U0001f9a5-\U0001f9aa\U0001f9ae-\U0001f9ca\U0001f9cd-\U0001f9ff\U00020000-\U0002a6d6]"
)


def _is_printable(name: str) -> bool:
    return all(category(character) not in _UNPRINTABLE or character == " " for character in name)


def checked_text(name: str, what: str) -> str:
    """Return a name that goes into a body. what: its name in errors. Raises ValueError if it is empty or contains surrogates."""
    if not name:
        raise ValueError(f"{what} must not be empty")
    if not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name):
        raise ValueError(f"{what} must not contain surrogates, which UTF-8 cannot express: {name!r}")
    return name


def _checked(name: str, what: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a str, not {type(name).__name__}")
    if not _is_printable(name):
        raise ValueError(f"{what} must not contain line breaks or other unprintable characters, which Consul refuses: {name!r}")
    return name


def segment(name: str, what: str) -> str:
    """Return a name as one path segment. what: its name in errors ("a service ID"). Raises ValueError, TypeError."""
    if name.__class__ is str and _PLAIN.fullmatch(name):
        return name
    if not _checked(name, what):
        raise ValueError(f"{what} must not be empty")
    return quote(name, safe=_SEGMENT_SAFE) if name not in (".", "..") else name.replace(".", "%2E")


def key_path(key: str, *, prefix: bool = False) -> str:
    """Return the path of a KV key. prefix: it is a key prefix, which may be empty. Raises ValueError, TypeError."""
    if key.__class__ is str and _PLAIN_KEY.fullmatch(key):
        return "/v1/kv/" + key
    if not _checked(key, "a key") and not prefix:
        raise ValueError("a key must not be empty")
    if _CLEANED.search(key):
        raise ValueError(
            f"a key in a path must not have empty, '.' or '..' segments: Consul would read {key!r} as {cleaned(key)!r};"
            " only a transaction takes it as it is (kv.put_many, txn.commit)"
        )
    path = quote(key, safe=_SEGMENT_SAFE + "/")
    # A leading slash reaches Consul 1.21.5 and newer when it is encoded; older agents answer with a redirect.
    return "/v1/kv/" + ("%2F" + path[1:] if path.startswith("/") else path)


def is_found_by_path(key: str) -> bool:
    """Return whether every version of Consul finds this key by its path. Some clean or trim a key, or know fewer characters."""
    if _PLAIN_KEY.fullmatch(key):
        return True
    return prefix_is_found_by_path(key) and not key.startswith("/") and key.strip(" ") == key and all(map(_is_known, key))


def prefix_is_found_by_path(prefix: str) -> bool:
    """Return whether any version of Consul finds keys with this prefix by its path."""
    return not _CLEANED.search(prefix) and _is_printable(prefix)


def _is_known(character: str) -> bool:
    return category(character) != "Cn" if character <= "\uffff" else _KNOWN.match(character) is not None


def api_path(path: str) -> str:
    """Check a whole path of the API and return it. Raises ValueError."""
    if not path.startswith("/v1/") or "?" in path or "#" in path:
        raise ValueError(f"a path must begin with '/v1/' and have no query; pass options as query=: {path!r}")
    if _CLEANED.search(path):
        raise ValueError(f"a path must not have empty, '.' or '..' segments: Consul would read {path!r} as {'/' + cleaned(path)!r}")
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
