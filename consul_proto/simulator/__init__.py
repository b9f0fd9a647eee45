"""Simulate an agent as a pure state machine: no socket, no clock, no thread, no randomness.

The simulator follows Consul's documentation and the answers of real agents. It does not use this library's endpoints and readers, so a
mistake in the library is not repeated in the simulator, where tests would not find it.
"""

from consul_proto.simulator.engine.answers import Feed, OpenResponse, Parked
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.machine import Simulator

__all__ = ["Feed", "OpenResponse", "Parked", "Settings", "Simulator"]
