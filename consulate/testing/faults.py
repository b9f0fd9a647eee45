"""The faults for a `FaultPlan`."""

from transports.faults.plans import (
    EVERY,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FaultPlan,
    Injection,
    LeaderChange,
    Leaderless,
    Limited,
    Reset,
    Stale,
    Truncate,
)

__all__ = [
    "EVERY",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "FaultPlan",
    "Injection",
    "LeaderChange",
    "Leaderless",
    "Limited",
    "Reset",
    "Stale",
    "Truncate",
]
