"""An agent as a pure state machine: no socket, no clock, no thread, no randomness.

It is written from Consul's documentation and from what real agents answer, and knows nothing of this library's own requests and readers:
a mistake in one of them is not repeated in the other.
"""

from consul_proto.simulator.engine.answers import Parked
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.machine import Simulator

__all__ = ["Parked", "Settings", "Simulator"]
