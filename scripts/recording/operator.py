"""operator.*: Raft, autopilot, gossip keys, usage."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping

from scripts.recording.recorder import Recorder

_RAFT = "/v1/operator/raft"
_AUTOPILOT = "/v1/operator/autopilot"
_KEYRING = "/v1/operator/keyring"

#: Endpoint -> its method.
_KEY_WRITES = {"operator.keyring.install": "POST", "operator.keyring.use": "PUT", "operator.keyring.remove": "DELETE"}

_ENCRYPT = "encrypt"


def _new_key() -> str:
    return b64encode(secrets.token_bytes(16)).decode()


#: The key of the agent with encrypted gossip.
_FIRST_KEY = _new_key()


def encrypted() -> Mapping[str, object]:
    """Return the configuration of an agent whose gossip is encrypted."""
    return {_ENCRYPT: _FIRST_KEY}


def record(recorder: Recorder) -> None:
    """Record operator.* on an agent without encrypted gossip."""
    _raft(recorder)
    _autopilot(recorder)
    recorder.case("operator.usage", "one", "/v1/operator/usage")
    recorder.case("operator.usage", "global", "/v1/operator/usage", [("global", None)])
    recorder.denials("operator.usage", "/v1/operator/usage", unknown_dc=200)
    _keyring_off(recorder)


def _raft(recorder: Recorder) -> None:
    recorder.case("operator.raft.configuration", "one", f"{_RAFT}/configuration")
    recorder.case("operator.raft.configuration", "stale", f"{_RAFT}/configuration", [("stale", None)])
    recorder.denials("operator.raft.configuration", f"{_RAFT}/configuration")
    remove, path = "operator.raft.remove_peer", f"{_RAFT}/peer"
    recorder.case(remove, "no-name", path, status=400)
    recorder.case(remove, "both-names", path, [("id", "x"), ("address", "127.0.0.1:1")], status=400)
    recorder.case(remove, "unknown-id", path, [("id", "x")], status=500)
    recorder.case(remove, "unknown-address", path, [("address", "127.0.0.1:1")], status=500)
    recorder.denials(remove, path, [("id", "x")])
    transfer, path = "operator.raft.transfer_leader", f"{_RAFT}/transfer-leader"
    recorder.case(transfer, "no-other", path, status=500)
    recorder.case(transfer, "unknown-id", path, [("id", "x")], status=500)
    recorder.denials(transfer, path)


def _autopilot(recorder: Recorder) -> None:
    path = f"{_AUTOPILOT}/configuration"
    recorder.until(f"{_AUTOPILOT}/health", lambda answer: answer.status == 200)
    read = recorder.case("operator.autopilot.config_get", "defaults", path).json()
    recorder.denials("operator.autopilot.config_get", path)
    assert isinstance(read, dict)
    write = "operator.autopilot.config_set"
    recorder.case(write, "written", path, body={"MinQuorum": 1, "LastContactThreshold": "300ms"})
    recorder.case("operator.autopilot.config_get", "changed", path)
    recorder.case(write, "lost-cas", path, [("cas", "1")], {"MinQuorum": 1})
    recorder.case(write, "bad-cas", path, [("cas", "x")], {"MinQuorum": 1}, status=400)
    recorder.case(write, "not-json", path, body="{", status=400)
    recorder.case(write, "bad-duration", path, body={"LastContactThreshold": "soon"}, status=400)
    recorder.denials(write, path, body={"MinQuorum": 1})
    recorder.prepare("PUT", path, {name: value for name, value in read.items() if not name.endswith("Index")})
    recorder.until(f"{_AUTOPILOT}/health", lambda answer: answer.status == 200)
    for name in ("health", "state"):
        recorder.case(f"operator.autopilot.{name}", "healthy", f"{_AUTOPILOT}/{name}")
        recorder.denials(f"operator.autopilot.{name}", f"{_AUTOPILOT}/{name}")


def _keyring_off(recorder: Recorder) -> None:
    key = _new_key()
    recorder.hide(key)
    recorder.case("operator.keyring.list", "not-encrypted", _KEYRING, status=500)
    recorder.case("operator.keyring.list", "relay-factor-too-large", _KEYRING, [("relay-factor", "6")], status=400)
    recorder.case("operator.keyring.list", "bad-relay-factor", _KEYRING, [("relay-factor", "many")], status=400)
    recorder.denials("operator.keyring.list", _KEYRING)
    for operation in _KEY_WRITES:
        recorder.case(operation, "not-encrypted", _KEYRING, body={"Key": key}, status=500)
        recorder.case(operation, "relay-factor-too-large", _KEYRING, [("relay-factor", "6")], {"Key": key}, status=400)
        recorder.case(operation, "bad-relay-factor", _KEYRING, [("relay-factor", "many")], {"Key": key}, status=400)
        recorder.case(operation, "not-json", _KEYRING, body="{", status=400)
        recorder.denials(operation, _KEYRING, body={"Key": key})


def record_keyring(recorder: Recorder) -> None:
    """Record operator.keyring.* on an agent with encrypted gossip, and autopilot's answer about an unhealthy cluster."""
    key, unknown = _new_key(), _new_key()
    for secret in (_FIRST_KEY, key, unknown):
        recorder.hide(secret)
    recorder.case("operator.keyring.install", "installed", _KEYRING, body={"Key": key})
    recorder.case("operator.keyring.install", "not-base64", _KEYRING, body={"Key": "!"}, status=500)
    recorder.case("operator.keyring.list", "two", _KEYRING)
    recorder.case("operator.keyring.list", "local-only", _KEYRING, [("local-only", "true")])
    recorder.case("operator.keyring.use", "used", _KEYRING, body={"Key": key})
    recorder.case("operator.keyring.use", "unknown", _KEYRING, body={"Key": unknown}, status=500)
    recorder.case("operator.keyring.remove", "primary", _KEYRING, body={"Key": key}, status=500)
    recorder.case("operator.keyring.remove", "removed", _KEYRING, body={"Key": _FIRST_KEY})
    # No server can be that close behind the leader.
    recorder.prepare("PUT", f"{_AUTOPILOT}/configuration", {"LastContactThreshold": "-1s", "ServerStabilizationTime": "10s"})
    recorder.until(f"{_AUTOPILOT}/health", lambda answer: answer.status == 429)
    recorder.case("operator.autopilot.health", "unhealthy", f"{_AUTOPILOT}/health", status=429)
