"""What can befall a request, for the plans of `FaultPlan`."""

from transports.faults.plans import (
    EVERY,
    Befallen,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FaultPlan,
    LeaderChange,
    Leaderless,
    Limited,
    Reset,
    Stale,
    Truncate,
)

__all__ = [
    "EVERY",
    "Befallen",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "FaultPlan",
    "LeaderChange",
    "Leaderless",
    "Limited",
    "Reset",
    "Stale",
    "Truncate",
]
