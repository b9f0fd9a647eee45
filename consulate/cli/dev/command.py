"""`consulate dev`: serve a simulated agent over HTTP until a signal stops it."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from consul_proto.message import Request, check_header
from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.engine.settings import datacenter_name
from consul_proto.simulator.engine.versions import Version
from consulate.cli.dev.configuration import AgentConfiguration, read_files
from consulate.cli.dev.state import StateFile
from consulate.cli.problems import Problem
from transports.hosting.process import HostOptions, run
from transports.hosting.serve import listen_tcp, listen_unix

if TYPE_CHECKING:
    import socket

    from consul_proto.simulator.agent.probes import Probe
    from consul_proto.simulator.engine.settings import Policy
    from consul_proto.simulator.engine.versions import VersionName

#: https://developer.hashicorp.com/consul/docs/reference/architecture/ports: the HTTP API of an agent.
_PORT = 8500

#: The value of --http-port that means: no TCP port.
_NO_PORT = -1

Say = Callable[[str], object]

#: A script check of the configuration: its id and its command.
Local = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line. None: the option is not given; a configuration file or the default decides."""

    http_port: int | None = None
    unix_path: str | None = None
    acl_token: str | None = field(default=None, repr=False)
    acl_default: Policy | None = None
    version: VersionName = "1.22.5"
    data: str | None = None
    datacenter: str | None = None
    node: str | None = None
    config_files: tuple[str, ...] = ()
    script_checks: bool = False


def run_dev(options: Options, *, say: Say, note: Say) -> None:
    """Serve an agent until SIGTERM, SIGINT or SIGHUP.

    say: prints an address. note: prints any other line. Raises Problem if the agent cannot be served as the options ask.
    """
    configured = _with_options(read_files(options.config_files, options.version), options)
    if configured.ignored:
        note(f"ignored settings that have no effect here: {', '.join(configured.ignored)}")
    _raise_descriptor_limit()
    with ExitStack() as stack:
        listening = stack.enter_context(_open_sockets(configured))
        port = next((sock.getsockname()[1] for sock in listening if isinstance(sock.getsockname(), tuple)), _PORT)
        simulator = Simulator(_settings(configured, options.version, port))
        state_file = StateFile(options.data) if options.data is not None else None
        if state_file is not None:
            state_file.load_into(simulator)
        local = _register(simulator, configured)
        note(f"simulating Consul {options.version} for development and tests; not a real Consul: one node, in memory, no consensus")

        def started() -> None:
            for sock in listening:
                say(_address(sock))

        run(
            simulator,
            listening,
            HostOptions(
                on_start=started,
                on_failure=lambda error: note(_describe(error)),
                may_run=_runs(configured, local),
                dump=None if state_file is None else lambda: state_file.prepare_save(simulator),
                default_token=configured.default_token,
                is_old=options.version == "1.8.7",
            ),
        )


def _with_options(configured: AgentConfiguration, options: Options) -> AgentConfiguration:
    """Return the configuration of the files, changed by the options of the command line."""
    if options.unix_path is not None:
        configured = replace(configured, unix_paths=(*configured.unix_paths, options.unix_path))
    if options.http_port is not None:
        configured = replace(configured, http_port=options.http_port)
    if options.acl_token == "":
        # The variable may be set to an empty string. Without this check, ACLs would then be off.
        raise Problem(
            "the management token is empty: give a token, or leave out --acl-token and CONSULATE_DEV_ACL_TOKEN to run without ACLs"
        )
    if options.acl_token is not None:
        configured = replace(configured, acls=True, management_token=options.acl_token)
    if options.acl_default is not None:
        if not configured.acls:
            raise Problem("--acl-default has no effect without ACLs: give --acl-token too, or a configuration file that sets acl.enabled")
        configured = replace(configured, default_policy=options.acl_default)
    try:
        datacenter = datacenter_name(options.datacenter) if options.datacenter is not None else configured.datacenter
    except ValueError as error:
        raise Problem(f"--datacenter: {error}") from None
    for token in (configured.management_token, configured.agent_token, configured.default_token):
        _check_token(token)
    if configured.default_policy is None:  # a file that turns ACLs on gets Consul's own default
        configured = replace(configured, default_policy="deny" if options.acl_token is not None else "allow")
    return replace(
        configured,
        node=options.node or configured.node,
        datacenter=datacenter,
        script_checks=options.script_checks or configured.script_checks,
    )


def _check_token(token: str) -> None:
    try:
        check_header("X-Consul-Token", token)
    except ValueError as error:
        raise Problem(f"a token must be valid in an HTTP header: {error}") from None


def _settings(configured: AgentConfiguration, version: VersionName, port: int) -> Settings:
    return Settings(
        version=Version.parse(version),
        node=configured.node or "consul",
        node_id=configured.node_id,
        node_meta=configured.node_meta,
        datacenter=configured.datacenter or "dc1",
        acls=configured.acls,
        default_policy=configured.default_policy or "deny",
        management_token=configured.management_token,
        agent_token=configured.agent_token,
        script_checks=configured.script_checks,
        local_script_checks=configured.local_script_checks,
        connect=configured.connect,
        session_ttl_min=configured.session_ttl_min,
        kv_max_value_size=configured.kv_max_value_size,
        txn_max_req_len=configured.txn_max_req_len,
        http_port=port,
        since=time.time(),
    )


@contextmanager
def _open_sockets(configured: AgentConfiguration) -> Iterator[list[socket.socket]]:
    """Open the sockets to listen on, and remove the socket files at the end."""
    port = _PORT if configured.http_port is None else configured.http_port
    with ExitStack() as stack:
        sockets = []
        if port != _NO_PORT and configured.has_tcp:
            sockets.append(stack.enter_context(_open(lambda: listen_tcp(port), f"127.0.0.1:{port}")))
        for path in dict.fromkeys(str(Path(path).absolute()) for path in configured.unix_paths):
            sockets.append(stack.enter_context(_open(lambda path=path: listen_unix(path), path)))  # type: ignore[misc] # bound now
            stack.callback(_remove, path, Path(path).stat().st_ino)
        if not sockets:
            raise Problem("there is no address to listen on: give --unix PATH, or an HTTP port")
        yield sockets


def _open(listen: Callable[[], socket.socket], where: str) -> socket.socket:
    try:
        return listen()
    except OSError as error:
        raise Problem(f"cannot listen on {where}: {error.strerror or error}") from None


def _remove(path: str, inode: int) -> None:
    """Remove a socket file, unless another process has replaced it."""
    with suppress(OSError):
        if Path(path).stat().st_ino == inode:
            Path(path).unlink()


def _address(sock: socket.socket) -> str:
    """Return the address of a socket in the form that CONSUL_HTTP_ADDR takes."""
    name = sock.getsockname()
    return f"unix://{name}" if isinstance(name, str) else f"http://{name[0]}:{name[1]}"


def _register(simulator: Simulator, configured: AgentConfiguration) -> frozenset[Local]:
    """Register the services and checks of the configuration, and return their script checks."""
    for definition in configured.definitions:
        request = Request("PUT", definition.path, body=json.dumps(definition.body).encode())
        try:
            answer = simulator.configure(request, 0.0)
        except Exception as error:
            raise Problem(f"{definition.where} cannot be registered: {_describe(error)}") from None
        if answer.status != 200:
            raise Problem(f"{definition.where} cannot be registered: {answer.body.decode('utf-8', 'replace')}")
    return frozenset((name, probe.script) for name, probe in simulator.probes.items())


def _runs(configured: AgentConfiguration, local: frozenset[Local]) -> Callable[[Probe], bool]:
    """Return whether to run a check. enable_local_script_checks runs only the scripts that the configuration defines."""

    def runs(probe: Probe) -> bool:
        return not probe.script or configured.script_checks or (configured.local_script_checks and (probe.check_id, probe.script) in local)

    return runs


def _describe(error: Exception) -> str:
    """Describe an exception in one line, without its message, which could contain what a client sent."""
    if isinstance(error, OSError):
        return f"the state cannot be written: {error.strerror or error}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"a bug in the simulator: {type(error).__name__}{where}"


def _raise_descriptor_limit() -> None:
    """Raise the limit of open files: each connection takes one, and the default is often low."""
    if os.name != "posix":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
