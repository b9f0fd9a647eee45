"""Send mutated requests to simulators: `scripts/fuzz --requests 200000`. Each must be answered, and no exception may leave the simulator.

The valid requests are those that a differential run draws, and one for each endpoint. An episode is a new agent and a few hundred requests;
its number and the seed give the same requests again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from consul_proto.message import Headers, Request
from consul_proto.simulator import Parked, Settings, Simulator
from consul_proto.simulator.engine.versions import SIMULATED, Version
from tests.simulator.differential.calls import Call
from tests.simulator.differential.groups import GROUPS
from tests.simulator.mutations import Mutator
from tests.simulator.simulated_agent import MANAGES

#: How many requests an agent gets.
_EPISODE = 400

#: The secrets of tokens: that of the management token, those of tokens in requests, and of none.
_SECRETS = (MANAGES, MANAGES, MANAGES, MANAGES, "{x0}", "{x1}", "", "anonymous", "nobody")

_NAMES = {"p": "a/", "m": MANAGES} | {
    f"{kind}{number}": f"00000000-0000-0000-0000-0000000{ord(kind):03}{number:02}" for kind in "tx" for number in range(2)
}


class Finding(NamedTuple):
    """A request that was not answered. trace: of the exception."""

    version: Version
    acls: bool
    episode: int
    request: Request
    trace: str

    @property
    def place(self) -> str:
        """Where it failed, and how: the same for all findings of one kind."""
        lines = self.trace.strip().splitlines()
        return f"{lines[-1].partition(':')[0]} {[line.strip() for line in lines if line.strip().startswith('File')][-1]}"

    def __str__(self) -> str:
        what = f"{self.version}, ACLs {'on' if self.acls else 'off'}, episode {self.episode}: {self.request!r}"
        return f"{what}\n  query: {self.request.query!r}\n  body: {self.request.body!r}\n{self.trace}"


@cache
def corpus(seeded: int, examples: int) -> tuple[tuple[Call, ...], ...]:
    """Return calls of the differential run: so many examples of each group."""
    found: list[tuple[Call, ...]] = []
    for group in GROUPS.values():

        @seed(seeded)
        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None)
        @given(group.examples)
        def collect(calls: list[Call]) -> None:
            found.append(tuple(calls))

        collect()
    return tuple(found)


@cache
def endpoints(version: Version) -> tuple[Call, ...]:
    """Return a call for each method of each endpoint."""
    routes = Simulator(Settings(version=version))._routes._routes
    return tuple(
        Call(method, path + "a" * route.deep, body=None if method == "GET" else b"{}")
        for path, route in routes.items()
        for method in route.methods
    )


class Episode:
    """A new agent, and requests to it."""

    def __init__(self, version: Version, *, acls: bool, seeded: int, number: int) -> None:
        self.version, self.acls, self.number = version, acls, number
        self._random = Random(f"{seeded} {version} {acls} {number}")
        self._simulator = Simulator(
            Settings(version=version, node="test-node", acls=acls, management_token=MANAGES if acls else "", script_checks=True)
        )
        self._mutator = Mutator(self._random)
        self._names = dict(_NAMES)
        self._now = 0.0

    def run(self, examples: tuple[tuple[Call, ...], ...], most: int) -> Iterator[Finding]:
        """Send so many requests. Yield those that were not answered."""
        calls: list[Call] = []
        for _ in range(most):
            while not calls:
                calls = [*self._random.choice(examples), *self._random.sample(endpoints(self.version), 5)]
            call = calls.pop(0)
            request = self._mutator.mutate(self._with_token(call.with_names(self._names)))
            if request is not None and (trace := self._send(request, call.names)):
                yield Finding(self.version, self.acls, self.number, request, trace)
        json.dumps(self._simulator.dump())

    def _with_token(self, request: Request) -> Request:
        secret = self._random.choice(_SECRETS)
        token = self._names.get(secret.strip("{}"), secret)
        headers = [pair for pair in request.headers if pair[0] != "x-consul-token"] + [("X-Consul-Token", token)] * bool(
            self.acls and token
        )
        return Request(request.method, request.path, request.query, Headers(headers), request.body)

    def _send(self, request: Request, names: str) -> str:
        """Send a request. Return the trace of an exception, "" for none."""
        try:
            answer = self._simulator.handle(request, self._now)
            if isinstance(answer, Parked):
                self._now = max(self._now, answer.deadline) if self._random.random() < 0.3 else self._now
                self._simulator.advance(self._now)
                if answer.response is None:
                    self._simulator.forget(answer)
                return ""
            if self._random.random() < 0.05:
                self._now += self._random.choice((0.1, 5.0, 100.0))
                self._simulator.advance(self._now)
            kind = answer.headers.get("content-type") or ""
            value = json.loads(answer.body) if kind == "application/json" and answer.status == 200 and answer.body[:1] in b"[{" else None
            if names and isinstance(value, dict) and isinstance(value.get("ID"), str):
                self._names[names] = value["ID"]
        except Exception:
            return traceback.format_exc(limit=-12)
        return ""


def fuzz(requests: int, seeded: int, examples: int) -> Iterator[Finding]:
    """Send so many requests, divided among the versions, without and with ACLs. Yield those that were not answered."""
    calls = corpus(seeded, examples)
    number = 0
    while requests > 0:
        for version in SIMULATED:
            for acls in (False, True):
                most = min(_EPISODE, requests)
                yield from Episode(version, acls=acls, seeded=seeded, number=number).run(calls, most)
                requests -= most
        number += 1


def main() -> int:
    """Read the arguments and run. Return 1 if a request was not answered."""
    reader = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    reader.add_argument("--requests", type=int, default=20_000, help="how many, over both versions")
    reader.add_argument("--seed", type=int, default=0, help="two runs with the same one send the same requests")
    reader.add_argument("--examples", type=int, default=40, help="examples of each differential group to mutate")
    given_ = reader.parse_args()
    kinds: Counter[str] = Counter()
    began = time.monotonic()
    for finding in fuzz(given_.requests, given_.seed, given_.examples):
        kinds[finding.place] += 1
        if kinds[finding.place] == 1:
            print(f"{finding}\n", flush=True)
    print(f"{given_.requests} requests in {time.monotonic() - began:.0f} s, {sum(kinds.values())} not answered, of {len(kinds)} kinds")
    for place, times in kinds.most_common():
        print(f"  {times} times: {place}")
    return int(bool(kinds))


if __name__ == "__main__":
    sys.exit(main())
