"""One `consulate dev` of each version for a module, and no variable that says something to a client."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.agents import Agent, start_dev


@pytest.fixture(scope="module")
def dev() -> Iterator[Agent]:
    """A `consulate dev` as it is without options, that ends cleanly."""
    with start_dev("1.22.5") as agent:
        yield agent


@pytest.fixture(autouse=True)
def no_consul_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set where the tests run says nothing here."""
    for name in [name for name in os.environ if name.startswith(("CONSUL_", "CONSULATE_")) and name != "CONSUL_BINS"]:
        monkeypatch.delenv(name)
