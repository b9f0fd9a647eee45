"""peering.*: an agent without the port that it needs, and two clusters."""

from __future__ import annotations

import json
from base64 import b64encode

from scripts.recording.recorder import Answer, Recorder

_TOKEN, _ESTABLISH = "/v1/peering/token", "/v1/peering/establish"

#: A token without any server.
_EMPTY_TOKEN = b64encode(b"{}").decode()

_EXPORTED = {"Kind": "exported-services", "Name": "default", "Services": [{"Name": "web", "Consumers": [{"Peer": "two"}]}]}


def record(recorder: Recorder) -> None:
    """Record the refusals of peering.*, and an agent without peerings."""
    generate, establish = "peering.generate_token", "peering.establish"
    recorder.case(generate, "no-port", _TOKEN, body={"PeerName": "two"}, status=500)
    recorder.case(generate, "no-name", _TOKEN, body={}, status=400)
    recorder.case(generate, "not-json", _TOKEN, body="{", status=400)
    recorder.denials(generate, _TOKEN, body={"PeerName": "two"})
    recorder.case(establish, "no-name", _ESTABLISH, body={"PeeringToken": _EMPTY_TOKEN}, status=400)
    recorder.case(establish, "no-peering-token", _ESTABLISH, body={"PeerName": "two"}, status=400)
    recorder.case(establish, "not-json", _ESTABLISH, body="{", status=400)
    recorder.case(establish, "token-not-json", _ESTABLISH, body={"PeerName": "two", "PeeringToken": "abcd"}, status=500)
    recorder.case(establish, "empty-token", _ESTABLISH, body={"PeerName": "two", "PeeringToken": _EMPTY_TOKEN}, status=500)
    recorder.case("peering.read", "unknown", "/v1/peering/nobody", status=404)
    recorder.case("peering.read", "no-name", "/v1/peering/", status=400)
    recorder.denials("peering.read", "/v1/peering/nobody")
    recorder.case("peering.delete", "unknown", "/v1/peering/nobody")
    recorder.denials("peering.delete", "/v1/peering/nobody")
    recorder.case("peering.list", "none", "/v1/peerings")
    recorder.denials("peering.list", "/v1/peerings")


def _is_active(answer: Answer) -> bool:
    read = json.loads(answer.body)
    return isinstance(read, dict) and read["State"] == "ACTIVE"


def record_two(here: Recorder, there: Recorder) -> None:
    """Record the peering of two clusters, from its token to its end."""
    generate, establish = "peering.generate_token", "peering.establish"
    token = "x"
    if here.has(generate):
        found = here.prepare("POST", _TOKEN, {"PeerName": "two"}).json()
        assert isinstance(found, dict)
        token = str(found["PeeringToken"])
        for recorder in (here, there):
            recorder.hide(token)
    here.case(generate, "generated", _TOKEN, body={"PeerName": "three", "Meta": {"env": "test"}})
    here.case(generate, "upper-case", _TOKEN, body={"PeerName": "TWO"}, status=500)
    here.case("peering.read", "pending", "/v1/peering/three")
    there.denials(establish, _ESTABLISH, body={"PeerName": "one", "PeeringToken": token})
    there.case(establish, "established", _ESTABLISH, body={"PeerName": "one", "PeeringToken": token})
    if here.has(generate):
        here.until("/v1/peering/two", _is_active)
        there.until("/v1/peering/one", _is_active)
    there.case(establish, "used-token", _ESTABLISH, body={"PeerName": "again", "PeeringToken": token}, status=403)
    there.case("peering.read", "active", "/v1/peering/one")
    here.case("peering.list", "two", "/v1/peerings")
    if here.has(generate):
        here.prepare("PUT", "/v1/config", _EXPORTED)
    here.prepare("PUT", "/v1/agent/service/register", {"Name": "web", "Port": 80})
    here.until("/v1/catalog/service/web", lambda answer: answer.json() != [])
    here.case("internal.ui.exported_services", "one", "/v1/internal/ui/exported-services", [("peer", "two")])
    there.case("peering.delete", "deleted", "/v1/peering/one")
