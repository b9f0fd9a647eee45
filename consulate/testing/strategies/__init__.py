"""Strategies for Hypothesis: what programs write to Consul, what Consul answers, what goes wrong, and who goes first."""

from consulate.testing.strategies.arguments import checks, flags, keys, names, services, sessions, values
from consulate.testing.strategies.plans import fault_plans, faults, interleavings
from consulate.testing.strategies.replies import answers, malformed_answers, refusals

__all__ = [
    "answers",
    "checks",
    "fault_plans",
    "faults",
    "flags",
    "interleavings",
    "keys",
    "malformed_answers",
    "names",
    "refusals",
    "services",
    "sessions",
    "values",
]
