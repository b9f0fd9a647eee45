"""Versions of Consul, in order.

The simulator gives the answers of two versions, 1.8.7 and 1.22.5. Where the documentation or a changelog tells which release changed a
behaviour, the code compares with that release: `version < V1_11`. Most changes were only observed: the two agents answer differently, and
which release between them made the change is not known. All of those compare with `V1_X`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeVar, get_args

#: The versions that can be simulated, as a user writes them.
VersionName = Literal["1.8.7", "1.22.5"]

_T = TypeVar("_T")


class Version(NamedTuple):
    """A version of Consul. Versions compare by their numbers, so 1.8.7 is before 1.22.5."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, name: str) -> Version:
        """Read a version such as "1.22.5". Raises ValueError."""
        return cls(*(int(number) for number in name.split(".")))

    def __str__(self) -> str:
        return ".".join(map(str, self))


V1_8 = Version(1, 8)
V1_9 = Version(1, 9)
V1_10 = Version(1, 10)
V1_11 = Version(1, 11)
V1_12 = Version(1, 12)
V1_13 = Version(1, 13)
V1_14 = Version(1, 14)
V1_15 = Version(1, 15)
V1_16 = Version(1, 16)
V1_17 = Version(1, 17)
V1_22 = Version(1, 22)
V1_22_5 = Version(1, 22, 5)

#: The versions that can be simulated.
SIMULATED = tuple(map(Version.parse, get_args(VersionName)))

#: A release after 1.8.7 and not after 1.22.5; which one is not known.
V1_X = V1_9


def pick(table: Mapping[Version, _T], version: Version) -> _T:
    """Return the value of a version from a table whose keys are the versions that changed it."""
    return table[max(since for since in table if since <= version)]
