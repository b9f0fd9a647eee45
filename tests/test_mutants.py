"""Each mutant can be made. `scripts/mutants` runs the tests on them, which takes minutes."""

from __future__ import annotations

import pytest

from tests.mutants import ROOT, RULES, Rules
from tests.simulator.broken_rules import Mutant

_MUTANTS = [(rules, mutant) for rules in RULES for mutant in rules.mutants]


@pytest.mark.parametrize(("rules", "mutant"), _MUTANTS, ids=[mutant.rule for _, mutant in _MUTANTS])
def test_a_mutant_can_be_made(rules: Rules, mutant: Mutant) -> None:
    path = ROOT / rules.folder / mutant.file
    text = path.read_text()
    assert text.count(mutant.text) == 1
    compile(text.replace(mutant.text, mutant.broken), mutant.file, "exec")


def test_each_mutant_breaks_another_rule() -> None:
    rules = {mutant.rule for _, mutant in _MUTANTS}
    changes = {(rules.folder, mutant.file, mutant.text, mutant.broken) for rules, mutant in _MUTANTS}
    assert len(rules) == len(changes) == len(_MUTANTS)
