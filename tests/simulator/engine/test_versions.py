"""Versions of Consul are ordered by their numbers."""

from __future__ import annotations

import pytest

from consul_proto.simulator.engine.versions import SIMULATED, V1_8, V1_9, V1_10, V1_X, Version, pick


def test_versions_are_ordered_by_their_numbers() -> None:
    assert V1_8 < Version.parse("1.8.7") < V1_9 < V1_10 < Version.parse("1.22.5")
    assert [str(version) for version in SIMULATED] == ["1.8.7", "1.22.5"]


def test_a_change_of_an_unknown_release_is_between_the_simulated_versions() -> None:
    assert SIMULATED[0] < V1_X <= SIMULATED[1]


def test_a_table_has_the_value_of_the_last_change() -> None:
    table = {V1_8: "first", V1_10: "second"}
    assert [pick(table, Version.parse(name)) for name in ("1.8.7", "1.9.17", "1.10.0", "1.22.5")] == ["first", "first", "second", "second"]


@pytest.mark.parametrize("name", ["", "one", "1.x"])
def test_an_invalid_version_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Version.parse(name)
