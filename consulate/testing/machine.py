"""A base class for Hypothesis's stateful tests: its rules run programs, inject faults and move the clock, and they shrink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consulate.testing.agent import ConsulAgent
from consulate.testing.programs import Program, Programs

if TYPE_CHECKING:
    from consul_proto.simulator.engine.versions import VersionName
    from transports.faults.plans import Fault

#: The clock steps, in seconds: a short one, the shortest TTL, the default lock delay, twice the TTL, and two longer ones.
_PASSES = (1.0, 10.0, 15.0, 20.0, 60.0, 300.0)


#: These strategies depend on the state machine that is running.
_NUMBERS = st.runner().flatmap(lambda machine: st.integers(0, len(machine.programs) - 1))
_FAULTS = st.runner().flatmap(lambda machine: st.sampled_from(machine.faults))


class ConsulStateMachine(RuleBasedStateMachine):
    """Run programs against an agent in memory, one request at a time, with faults and steps of the clock in between.

    Make a subclass; its `TestCase` is the test. Your own rules can use `self.agent` and `self.clients`.

    client_count: the number of clients in `self.clients`. version: the Consul version to emulate.
    faults: the faults that may be injected into the programs' requests; empty: none.
    """

    client_count: ClassVar[int] = 2
    version: ClassVar[VersionName] = "1.22.5"
    faults: ClassVar[Sequence[Fault]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.agent = ConsulAgent(version=self.version)
        self.clients = [self.agent.client() for _ in range(self.client_count)]
        self.programs = Programs(self.agent, *self.make_programs())

    def make_programs(self) -> Sequence[Program]:
        """Return the programs to run. Override this; it is called once, after the agent was made."""
        return ()

    def check(self) -> None:
        """Assert what must hold after each step. Override this."""

    @precondition(lambda self: len(self.programs) > 0)
    @rule(number=_NUMBERS)
    def turn(self, number: int) -> None:
        """Run a program to its next request. Does nothing if the program cannot go on."""
        self.programs.turn(number)

    @rule(seconds=st.sampled_from(_PASSES))
    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.programs.advance(seconds)

    @precondition(lambda self: len(self.programs) > 0 and len(self.faults) > 0)
    @rule(number=_NUMBERS, fault=_FAULTS)
    def inject(self, number: int, fault: Fault) -> None:
        """Inject a fault into the next request of a program."""
        self.programs.inject(number, fault)

    @invariant()
    def holds(self) -> None:
        """Call `check`."""
        self.check()

    def teardown(self) -> None:
        """Stop the programs, and close the clients."""
        self.programs.close()
        for client in self.clients:
            client.close()
