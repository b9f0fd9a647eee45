"""Record tests/samples again, with the Consuls that CONSUL_BINS names: `python -m scripts.record_samples`.

Ids, indexes and ports differ between runs; statuses, members and texts do not. Unexpected answers are recorded too; the script lists
them at the end, and exits with 1.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
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
    kv,
    limits,
    query,
    session,
    snapshot,
)
from scripts.recording.recorder import POWERLESS, Recorder
from tests.agents import Binary, find_binaries, start_agent

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
        acl_legacy.record(recorder)
        acl.record_refusals(recorder)
        acl.record(recorder)
        acl_objects.record(recorder)
    with tempfile.TemporaryDirectory(prefix="agent-") as name:
        file = Path(name, "further.json")
        file.write_text(json.dumps(limits.SWITCHED_OFF))
        with start_agent(binary, acls=False, limits=limits.LIMITS, files=[file]) as small:
            second = Recorder(small, folder, manifest)
            limits.record(second)
            agent_process.record_without_acls(second)
            acl.record_off(second)
        file.write_text(json.dumps({"acl": {"enabled": True, "default_policy": "allow"}}))
        with start_agent(binary, acls=False, files=[file]) as without_tokens:
            third = Recorder(without_tokens, folder, manifest)
            acl.record_bootstrap(third)
    print(f"Consul {binary.version}: {recorder.written + second.written + third.written} samples")
    return recorder.surprises + second.surprises + third.surprises


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
