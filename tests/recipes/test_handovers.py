"""Locks and slots are handed over between ours and the official client: a few times here, a hundred times by `scripts/handovers`."""

from __future__ import annotations

import os

import pytest

from benchmarks.peers import Missing, Peers
from tests.agents import find_binaries, require_binary
from tests.recipes.handovers import GO_CONTENDER, PAIRS, run


@pytest.mark.real
@pytest.mark.parametrize("name", PAIRS)
def test_only_one_holds_while_ours_and_the_official_client_take_turns(name: str) -> None:
    binaries = find_binaries() or [require_binary(None)]
    try:
        go = Peers().go_program(GO_CONTENDER)
    except Missing as why:
        pytest.skip(str(why))
    for binary in binaries:
        assert run(binary, name, 4, os.getpid(), go) == []
