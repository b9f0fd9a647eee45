"""Each mutant can be made. `scripts/mutants` runs the tests on them, which takes minutes."""

from __future__ import annotations

import pytest

from tests.simulator.broken_rules import MUTANTS, Mutant
from tests.simulator.mutants import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_a_mutant_can_be_made(mutant: Mutant) -> None:
    path = ROOT / "consul_proto" / "simulator" / mutant.file
    text = path.read_text()
    assert text.count(mutant.text) == 1
    compile(text.replace(mutant.text, mutant.broken), mutant.file, "exec")


def test_each_mutant_breaks_another_rule() -> None:
    assert (
        len({mutant.rule for mutant in MUTANTS}) == len({(mutant.file, mutant.text, mutant.broken) for mutant in MUTANTS}) == len(MUTANTS)
    )
