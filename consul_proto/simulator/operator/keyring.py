"""The keyring of gossip. It is empty: gossip is not encrypted.

https://developer.hashicorp.com/consul/api-docs/operator/keyring
"""

from __future__ import annotations

import re
from typing import NoReturn

from consul_proto.simulator.catalog.bodies import KEYRING
from consul_proto.simulator.engine.answers import Refusal, multierror
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_X
from consul_proto.simulator.go.json import read_base64
from consul_proto.simulator.go.json_text import Unreadable
from consul_proto.simulator.go.numbers import FALSE, TRUE

#: The most members that may relay an answer.
_MOST_RELAYS = 5

_NUMBER = re.compile(r"[+-]?[0-9]+")


class KeyringEndpoint:
    """`/v1/operator/keyring`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoint."""
        return {"/v1/operator/keyring": Route(("GET", "POST", "PUT", "DELETE"), write=self.keyring)}

    def keyring(self, request: ServerRequest, _now: float) -> NoReturn:
        """GET the keys, POST a new one, PUT the one to use, or DELETE one: every member of both networks refuses."""
        bad, reads = self._settings.bad_request, request.method == "GET"
        given = {} if reads else request.decode(KEYRING, f"{bad}Request decode failed: ")
        self._check_relays(request.first("relay-factor"))
        given_local = request.first("local-only")
        if given_local and given_local not in TRUE | FALSE:
            raise Refusal(400, f'{bad}Error parsing local-only: strconv.ParseBool: parsing "{given_local}": invalid syntax')
        local = given_local in TRUE
        if local and not reads:
            raise Refusal(400, f"{bad}Invalid use of local-only: local-only can only be set for list requests")
        self._require(request, reads=reads)
        lan, wan = f"{self._settings.datacenter} (LAN)", "WAN"
        networks = (
            {lan: self._settings.node} if local else {wan: f"{self._settings.node}.{self._settings.datacenter}", lan: self._settings.node}
        )
        try:
            read_base64(given.get("Key") or "")
        except Unreadable as error:
            raise Refusal(500, multierror([f"{network} error: {error}" for network in networks])) from None
        why = ("Keyring is empty" if reads else "No keyring to modify") + " (encryption not enabled)"
        each = [(f"{network} error: 1/1 nodes reported failure", f"{member}: {why}") for network, member in networks.items()]
        raise Refusal(500, multierror([reason for both in each for reason in both]))

    def _check_relays(self, given: str) -> None:
        bad = self._settings.bad_request
        if given and not _NUMBER.fullmatch(given):
            raise Refusal(400, f'{bad}Error parsing relay factor: strconv.Atoi: parsing "{given}": invalid syntax')
        if not 0 <= int(given or 0) <= _MOST_RELAYS:
            raise Refusal(400, f"{bad}Invalid relay-factor: Relay factor must be in range: [0, {_MOST_RELAYS}]")

    def _require(self, request: ServerRequest, *, reads: bool) -> None:
        if self._settings.version < V1_X and not request.allows("keyring", "", "read" if reads else "write"):
            raise Refusal(500, "Reading keyring denied by ACLs" if reads else "Modifying keyring denied due to ACLs")
        request.require("keyring", "", "read" if reads else "write")
