"""Random walks of each machine (`walks.py`): 100, or as many as RECIPE_WALKS says. CI runs 300, and `scripts/recipes` runs many more."""

from __future__ import annotations

import os

import pytest

from tests.recipes.walks import OFFICIAL, WALKS

#: How many walks of each kind, in parts, so that several processes can share them. Of the official client's, a third.
_MANY = int(os.environ.get("RECIPE_WALKS", "100"))
_WALKS = dict.fromkeys(WALKS, _MANY) | dict.fromkeys(OFFICIAL, _MANY // 3)
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
