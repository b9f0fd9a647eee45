"""Random walks of each machine (`walks.py`); `scripts/recipes` runs many more."""

from __future__ import annotations

import pytest

from tests.recipes.walks import OFFICIAL, WALKS

#: How many walks of each kind, in parts, so that several processes can share them.
_WALKS = dict.fromkeys(WALKS, 300) | dict.fromkeys(OFFICIAL, 100)
_PARTS = 10


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("kind", _WALKS)
def test_walks(kind: str, part: int) -> None:
    for seed in range(part, _WALKS[kind], _PARTS):
        try:
            (WALKS | OFFICIAL)[kind](seed).run()
        except BaseException as error:
            error.add_note(f"scripts/recipes --kind {kind} --seed {seed} does this again")
            raise
