"""No sample contains a secret, or anything about the machine that recorded it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_SAMPLES = Path(__file__).parent / "samples"

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

#: UUIDs that are not secret: those that Consul itself defines, and the fixed id of the script. (A placeholder, with "acl", is not a UUID.)
_HARMLESS = re.compile(r"0{8}-0{4}-0{4}-0{4}-0{11}[0-9a-f]|aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", re.IGNORECASE)

#: The text of a refusal may contain the refused token.
_NAMED = re.compile(rf"(?:AccessorID|SecretID|[Tt]oken)[^0-9a-zA-Z]{{1,6}}({_UUID.pattern})")

#: 16, 24 or 32 bytes in base64, and a peering token: an object in base64.
_GOSSIP_KEY = re.compile(r"[0-9A-Za-z+/]{22}==|[0-9A-Za-z+/]{32}(?=\\?\")|[0-9A-Za-z+/]{43}=")
_PEERING_TOKEN = re.compile(r'PeeringToken\\?": ?\\?"eyJ[^"]{100,}')

_MACHINE = re.compile(r"/(?:home|root|tmp|var|usr|work|Users)/|X-Consul-Token|Bearer |-BEGIN [A-Z ]*PRIVATE KEY", re.IGNORECASE)


def _secret_ids(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (str(member) for name, member in value.items() if name.lower() in ("secretid", "accessorid", "token"))
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _secret_ids(member)


def _bodies(sample: dict[str, object]) -> Iterator[object]:
    request = sample["request"]
    assert isinstance(request, dict)
    for body in (request["body"], sample.get("body")):
        try:
            yield json.loads(str(body))
        except ValueError:
            continue


def find_secrets(text: str) -> list[str]:
    """Return everything in the text of a sample that must not be there."""
    sample = json.loads(text)
    found = [match.group() for match in _MACHINE.finditer(text)]
    secrets = [secret for body in _bodies(sample) for secret in _secret_ids(body)]
    found += [secret for secret in secrets if _UUID.fullmatch(secret) and not _HARMLESS.fullmatch(secret)]
    if sample["operation"].startswith("acl."):
        found += [uuid for uuid in _UUID.findall(text) if not _HARMLESS.fullmatch(uuid)]
    found += [uuid for uuid in _NAMED.findall(text) if not _HARMLESS.fullmatch(uuid)]
    if sample["operation"].startswith("operator.keyring."):
        found += _GOSSIP_KEY.findall(text)
    found += _PEERING_TOKEN.findall(text)
    found += [name for name, _ in sample["headers"] if name.lower() in ("date", "authorization", "set-cookie")]
    found += [name for name, _ in sample["request"]["query"] if name == "token"]
    return found


def test_there_are_samples() -> None:
    assert len(list(_SAMPLES.glob("*/*.json"))) > 900


@pytest.mark.parametrize("folder", sorted(path for path in _SAMPLES.iterdir() if path.is_dir()), ids=lambda folder: str(folder.name))
def test_samples_are_clean(folder: Path) -> None:
    found = {file.name: find_secrets(file.read_text()) for file in sorted(folder.glob("*.json"))}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("operation", "headers", "query", "body"),
    [
        ("acl.legacy.list", [], [], "5c4d0f5e-1111-2222-3333-9a8b7c6d5e4f"),
        ("acl.token.read", [], [], '[{"SecretID": "5c4d0f5e-1111-2222-3333-9a8b7c6d5e4f"}]'),
        ("kv.get", [], [], '{"a": {"SecretID": "5c4d0f5e-1111-2222-3333-9a8b7c6d5e4f"}}'),
        ("kv.get", [], [], "Permission denied: token with AccessorID '5c4d0f5e-1111-2222-3333-9a8b7c6d5e4f' lacks permission"),
        ("kv.get", [["Date", "Thu, 01 Jan 1970 00:00:00 GMT"]], [], ""),
        ("kv.get", [["X-Consul-Token", "secret"]], [], ""),
        ("kv.get", [], [["token", "secret"]], ""),
        ("agent.self", [], [], '{"DataDir": "/tmp/consul-1"}'),
        ("agent.connect.ca_leaf", [], [], '{"PrivateKeyPEM": "-----BEGIN EC PRIVATE KEY-----"}'),
        ("operator.keyring.list", [], [], '[{"Keys": {"48mr8TTgGZMEqicZV7ai3A==": 1}}]'),
        ("operator.keyring.list", [], [], '[{"Keys": {"pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=": 1}}]'),
        ("operator.keyring.install", [], [], '{"Key": "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3"}'),
        ("peering.generate_token", [], [], '{"PeeringToken": "eyJ' + "x" * 200 + '"}'),
    ],
)
def test_find_secrets_finds_each_kind(operation: str, headers: list[object], query: list[object], body: str) -> None:
    request = {"method": "GET", "path": "/v1/kv/a", "query": query, "body": None}
    assert find_secrets(json.dumps({"operation": operation, "request": request, "headers": headers, "body": body}))
