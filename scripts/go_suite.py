"""Run the official Go client's tests on a real Consul and on `consulate dev`: each test that passes there must pass here.

Its tests start `consul agent -config-file FILE` from PATH, where a script stands for it that starts `consulate dev`. The Go toolchain
fetches the module, and runs the tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_ROOT = Path(__file__).parent.parent

_MODULE = "github.com/hashicorp/consul/api"

#: Version of Consul -> version of its Go client.
_CLIENTS = {"1.8.7": "v1.7.0", "1.22.5": "v1.33.2"}

#: Go's own limit for all tests of a package.
_LIMIT = "20m"

#: Tests that need not pass: the row of docs/simulated.md with the reason, and its text; "" if the endpoint is not simulated at all.
#: An entry whose row no longer has that text is an error.
_EXCUSED = {
    "TestAPI_AgentConnectCALeaf": ("agent.connect.ca_leaf", ""),
    "TestAPI_AgentLeave": ("agent.join", "the agent can only join itself"),
    "TestAPI_AgentMembersOpts": ("agent.join", "the agent can only join itself"),
    "TestAPI_AgentMetrics": ("agent.metrics", "the lists of metrics are empty"),
    "TestAPI_AgentMonitor": ("agent.monitor", "a line for each request, and nothing else"),
    "TestAPI_AgentMonitorJSON": ("agent.monitor", "a line for each request, and nothing else"),
    "TestAPI_AgentReload": ("agent.reload", "there is nothing to reload"),
    "TestAPI_AgentReload_MultiPort": ("agent.reload", "there is nothing to reload"),
    "TestAPI_AgentService": ("agent.service.get", "the content hash has another value"),
    "TestAPI_ConnectCAConfig_get_set": ("connect.ca.config_get", ""),
    "TestAPI_DiscoveryChain_Get": ("discovery_chain.read", ""),
    "TestAPI_Internal_AssignServiceVirtualIP": ("internal.service_virtual_ip", ""),
    "TestAPI_OperatorKeyringInstallListPutRemove": ("operator.keyring.list", "there are no keys"),
    "TestAPI_OperatorRaftLeaderTransfer": ("agent.join", "the agent can only join itself"),
    "TestAPI_OperatorRaftRemovePeerByAddress": ("operator.raft.remove_peer", "one server that never changes"),
    "TestAPI_OperatorRaftRemovePeerByID": ("operator.raft.remove_peer", "one server that never changes"),
    "TestAPI_Peering_ACLDeny": ("peering.generate_token", ""),
    "TestAPI_Peering_GenerateToken": ("peering.generate_token", ""),
    "TestAPI_Peering_GenerateToken_ExternalAddresses": ("peering.generate_token", ""),
    "TestAPI_Peering_GenerateToken_Read_Establish_Delete": ("peering.generate_token", ""),
    "TestConnectLeafWatch": ("agent.connect.ca_leaf", ""),
    "TestConnectRootsWatch": ("connect.ca.config_set", ""),
}

#: The same, only for the older client.
_EXCUSED_BEFORE = {
    "TestAPI_ConnectIntentionCheck": ("connect.intentions.check", "1.8.7 stores other namespaces"),
    "TestAPI_ConnectIntentionCreateListGetUpdateDelete": ("connect.intentions.create", "1.8.7 stores other namespaces"),
    "TestAPI_ConnectIntentionMatch": ("connect.intentions.match", "1.8.7 stores other namespaces"),
}

#: Tests of endpoints outside `/v1`: the words of docs/dev.md that say that these do not exist.
_OUTSIDE = {
    "TestAPI_DebugGoroutine": "`/debug/pprof`",
    "TestAPI_DebugHeap": "`/debug/pprof`",
    "TestAPI_DebugProfile": "`/debug/pprof`",
    "TestAPI_DebugTrace": "`/debug/pprof`",
    "TestAPI_RawV2ExportedServices": "`/api/`",
}

#: The older client's tests expect that Connect is off unless the file turns it on, as without `-dev`.
_OUTSIDE_BEFORE = dict.fromkeys(("TestAPI_AgentConnectCARoots_empty", "TestAPI_ConnectCARoots_empty"), "Connect is on by default")

_STANDS_FOR_CONSUL = """\
#!/bin/sh
if [ "$1" != agent ]; then exec '{consul}' "$@"; fi
files=
while [ $# -gt 0 ]; do
  if [ "$1" = -config-file ]; then files="$files --config-file $2"; shift; fi
  shift
done
PYTHONPATH='{root}' exec '{python}' -m consulate dev --consul-version {version} $files
"""

#: Package and name of a test -> its outcome: "pass", "fail" or "skip".
Outcomes = dict[tuple[str, str], str]


def find_excuses(version: str) -> dict[str, str]:
    """Return the tests that need not pass, with the reason from the pages."""
    is_old = version == "1.8.7"
    rows_of, words_of = _EXCUSED | (_EXCUSED_BEFORE if is_old else {}), _OUTSIDE | (_OUTSIDE_BEFORE if is_old else {})
    rows = re.findall(r"^\| (\S+) \| `[^`]*` \| ([a-z ]+) \| (.*?) ?\|$", (_ROOT / "docs" / "simulated.md").read_text(), re.MULTILINE)
    says = {row: f"{level}: {differs}".removesuffix(": ") for row, level, differs in rows}
    found = {test: f"{row}: {says[row]}" for test, (row, differs) in rows_of.items() if (differs or "not simulated") in says.get(row, "")}
    page = (_ROOT / "docs" / "dev.md").read_text()
    if stale := [*(rows_of.keys() - found.keys()), *(test for test, words in words_of.items() if words not in page)]:
        sys.exit(f"no page says why these tests need not pass; fix the table here or the page: {', '.join(sorted(stale))}")
    return found | {test: f"docs/dev.md says: {words}" for test, words in words_of.items()}


def _binary(version: str) -> str:
    """Return the path of the real Consul of a version."""
    for path in os.environ.get("CONSUL_BINS", "").split(":"):
        if path and f"v{version}" in subprocess.run([path, "version"], capture_output=True, text=True, timeout=30, check=True).stdout:
            return path
    sys.exit(f"found no Consul {version}; name one in CONSUL_BINS")


def _fetch_client(version: str, folder: Path) -> Path:
    """Download the client's module into a folder where it can be written, and return its path."""
    named = f"{_MODULE}@{_CLIENTS[version]}"
    said = subprocess.run(["go", "mod", "download", "-json", named], capture_output=True, text=True, check=True, cwd=folder).stdout
    module = folder / "api"
    shutil.copytree(json.loads(said)["Dir"], module)
    for path in (module, *module.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    # The older client expects another module in the folder beside it, which does not exist.
    subprocess.run(["go", "mod", "edit", "-dropreplace", "github.com/hashicorp/consul/sdk"], check=True, cwd=module)
    return module


def _run_tests(module: Path, consul: Path, *options: str) -> Outcomes:
    """Run the tests with this Consul first on PATH. Stop the servers that tests leave running."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSUL_")}
    environment |= {"PATH": f"{consul.parent}:{environment['PATH']}", "GOFLAGS": "-mod=mod"}
    command = ["go", "test", "-json", "-vet=off", "-count=1", f"-timeout={_LIMIT}", *options, "./..."]
    outcomes: Outcomes = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=module, env=environment, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                event = json.loads(line) if line.startswith("{") else {}
                if event.get("Test") and event["Action"] in ("run", "pass", "fail", "skip"):
                    outcomes[event["Package"].removeprefix(_MODULE), event["Test"]] = event["Action"]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    return outcomes


def _only(tests: list[str]) -> str:
    """Return a pattern for these tests, as Go expects it."""
    return f"^({'|'.join(map(re.escape, tests))})$"


def _find_passes(outcomes: Outcomes) -> set[tuple[str, str]]:
    return {test for test, how in outcomes.items() if how == "pass"}


def _compare(version: str, folder: Path) -> int:
    module, need_not = _fetch_client(version, folder), find_excuses(version)
    real, ours = folder / "real" / "consul", folder / "ours" / "consul"
    for path in (real, ours):
        path.parent.mkdir()
    consul = _binary(version)
    real.symlink_to(consul)
    ours.write_text(_STANDS_FOR_CONSUL.format(consul=consul, root=_ROOT, python=sys.executable, version=version))
    ours.chmod(0o755)
    there = _run_tests(module, real)
    here = _run_tests(module, ours, "-skip", _only(list(need_not)))
    open_ones = {test for test in _find_passes(there) - _find_passes(here) if test[1].partition("/")[0] not in need_not}
    if open_ones:  # on a busy machine, some tests are too slow
        here |= _run_tests(module, ours, "-run", _only(sorted({name.partition("/")[0] for _, name in open_ones})))
        open_ones -= _find_passes(here)
    print(f"{_MODULE} {_CLIENTS[version]}, with subtests:")
    for what, outcomes in ((f"Consul {version}", there), ("consulate dev", here)):
        print(f"  {what}: {len(_find_passes(outcomes))} of {len(outcomes)} pass")
    for _, name in sorted(_find_passes(there)):
        if name in need_not:
            print(f"  excused: {name}, {need_not[name]}")
    for package, name in sorted(open_ones):
        print(f"  passes on Consul alone: {name}{f' ({package})' if package else ''}")
    return 1 if open_ones else 0


def main() -> int:
    """Compare for the version in the argument, or for the newest."""
    version = sys.argv[1] if len(sys.argv) > 1 else [*_CLIENTS][-1]
    if version not in _CLIENTS:
        sys.exit(f"unknown version {version}; known are {', '.join(_CLIENTS)}")
    with tempfile.TemporaryDirectory(prefix="go-suite-") as name:
        return _compare(version, Path(name))


if __name__ == "__main__":
    sys.exit(main())
