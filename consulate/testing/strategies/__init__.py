"""Strategies for Hypothesis: arguments of calls, answers of Consul, fault plans, and interleavings of programs."""

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
