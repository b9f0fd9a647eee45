"""One `consulate dev` for a module, and no CONSUL_ variable that a client would read."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.agents import Agent, start_dev


@pytest.fixture(scope="module")
def dev() -> Iterator[Agent]:
    """A `consulate dev` with its default options."""
    with start_dev("1.22.5") as agent:
        yield agent


@pytest.fixture(autouse=True)
def no_consul_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the variables that are set on the machine."""
    for name in [name for name in os.environ if name.startswith(("CONSUL_", "CONSULATE_")) and name != "CONSUL_BINS"]:
        monkeypatch.delenv(name)
