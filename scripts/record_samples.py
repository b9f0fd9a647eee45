"""Record tests/samples again, with the Consuls that CONSUL_BINS names: `python -m scripts.record_samples`.

Ids, indexes and ports differ between runs; statuses, members and texts do not. Unexpected answers are recorded too; the script lists
them at the end, and exits with 1.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from scripts.recording import (
    acl,
    acl_legacy,
    acl_objects,
    agent,
    agent_process,
    catalog,
    config,
    connect,
    coordinate,
    internal,
    kv,
    limits,
    operator,
    peering,
    query,
    session,
    snapshot,
)
from scripts.recording.recorder import POWERLESS, Manifest, Recorder
from tests.agents import Binary, find_binaries, start_agent
from tests.fakes.metrics_backend import metrics_backend

_TESTS = Path(__file__).parent.parent / "tests"


def _powerless_token(recorder: Recorder) -> None:
    """Make a token that exists and has no rights."""
    made = recorder.prepare("PUT", "/v1/acl/token", {"Description": "powerless"}).json()
    assert isinstance(made, dict)
    recorder.use_as(POWERLESS, str(made["SecretID"]))
    recorder.hide(str(made["AccessorID"]))


def _record(binary: Binary, folder: Path) -> list[str]:
    manifest = {row["id"]: row for row in json.loads((_TESTS / "spec" / "endpoints.json").read_text())}
    with start_agent(binary, acls=True) as strict:
        recorder = Recorder(strict, folder, manifest)
        # The order matters: first the reads of an empty agent, last the changes of rights.
        _powerless_token(recorder)
        kv.record(recorder)
        session.record(recorder)
        agent.record(recorder)
        agent_process.record(recorder)
        snapshot.record(recorder)
        catalog.record(recorder)
        coordinate.record(recorder)
        query.record(recorder)
        config.record(recorder)
        connect.record(recorder)
        operator.record(recorder)
        internal.record(recorder)
        peering.record(recorder)
        acl_legacy.record(recorder)
        acl.record_refusals(recorder)
        acl.record(recorder)
        acl_objects.record(recorder)
    recorders = [recorder, *_record_switched_off(binary, folder, manifest), *_record_special(binary, folder, manifest)]
    print(f"Consul {binary.version}: {sum(one.written for one in recorders)} samples")
    return [surprise for one in recorders for surprise in one.surprises]


def _record_switched_off(binary: Binary, folder: Path, manifest: Manifest) -> Iterator[Recorder]:
    """Record agents without ACLs, without a UI and with small limits, and without any token."""
    off = {**limits.SWITCHED_OFF, **internal.without_ui(binary.version)}
    with start_agent(binary, acls=False, limits=limits.LIMITS, settings=off) as small:
        recorder = Recorder(small, folder, manifest)
        limits.record(recorder)
        agent_process.record_without_acls(recorder)
        acl.record_off(recorder)
        internal.record_without_ui(recorder)
        yield recorder
    with start_agent(binary, acls=False, settings={"acl": {"enabled": True, "default_policy": "allow"}}) as without_tokens:
        recorder = Recorder(without_tokens, folder, manifest)
        acl.record_bootstrap(recorder)
        yield recorder


def _record_special(binary: Binary, folder: Path, manifest: Manifest) -> Iterator[Recorder]:
    """Record what needs an agent of its own: encrypted gossip, a second server, another cluster, a metrics backend."""
    with ExitStack() as running:
        backend = running.enter_context(metrics_backend())
        first = running.enter_context(
            start_agent(binary, acls=True, grpc=True, settings={**operator.encrypted(), **internal.with_metrics(binary.version, backend)})
        )
        second = running.enter_context(start_agent(binary, acls=True, grpc=True, node="other-node", datacenter="dc2"))
        here, there = (Recorder(agent, folder, manifest) for agent in (first, second))
        operator.record_keyring(here)
        internal.record_metrics(here)
        peering.record_two(here, there)
        yield from (here, there)


def main() -> int:
    """Record all samples, then replace the old ones."""
    binaries = find_binaries()
    if not binaries:
        print("no Consul found: set CONSUL_BINS (scripts/get-consul fetches one)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="samples-") as name:
        fresh, kept = Path(name), _TESTS / "samples"
        surprises = [surprise for binary in binaries for surprise in _record(binary, fresh)]
        for binary in binaries:
            for old in kept.glob(f"*/*.{binary.version}.json"):
                old.unlink()
        shutil.copytree(fresh, kept, dirs_exist_ok=True)
    print(*surprises, sep="\n")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
