"""The agent that a command talks to: the global options, and the client that they make."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from consulate.cli.problems import USAGE, Problem

if TYPE_CHECKING:
    from consul_proto.config import Config
    from consulate.client import Consul
    from consulate.configuration import ClientOptions

#: The address of the agent, if the official variable is not set: scripts of the older `consulate` set this one.
_OLDER_ADDRESS = "CONSUL_RPC_ADDR"


class Connection:
    """The global options of the command line. token_file: "-" for standard input."""

    def __init__(
        self,
        api_scheme: str | None = None,
        api_host: str | None = None,
        api_port: int | None = None,
        datacenter: str | None = None,
        token: str | None = None,
        token_file: str | None = None,
    ) -> None:
        self.api_scheme = api_scheme
        self.api_host = api_host
        self.api_port = api_port
        self.datacenter = datacenter
        self.token = token
        self.token_file = token_file

    def client(self) -> Consul:
        """Return a client, which does not connect yet. Raises Problem for options and variables that are wrong."""
        from consulate.adapters import SocketRequest
        from consulate.client import Consul

        if not os.environ.get("CONSUL_HTTP_ADDR") and os.environ.get(_OLDER_ADDRESS):
            os.environ["CONSUL_HTTP_ADDR"] = os.environ[_OLDER_ADDRESS]
        token = self.token
        file = self.token_file
        if file == "-":
            # The bytes after this line may be what the command reads.
            token, file = sys.stdin.buffer.readline().decode(errors="replace").strip(), None
            if not token:
                raise Problem("--token-file -: there is no token on standard input; write one line with the token to it", USAGE)
        options: ClientOptions = {} if file is None else {"token_file": file}
        adapter = SocketRequest if os.name == "posix" else None  # it is imported in half the time
        try:
            return Consul(self.api_host, self.api_port, self.datacenter, token, self.api_scheme, adapter, **options)
        except ValueError as error:
            raise Problem(str(error), USAGE) from None

    def configuration(self) -> Config:
        """Return the addresses of the agents, and how `client` connects to them."""
        from consulate.configuration import read_configuration

        return read_configuration(self.api_host, self.api_port, None, None, self.api_scheme)[0]
