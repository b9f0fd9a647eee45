"""Client for HashiCorp Consul: `Consul` for threads, `AsyncConsul` for asyncio and trio."""

from consul_proto.config import Limits
from consul_proto.meta import Meta, Reply
from consulate import adapters, exceptions
from consulate.client import AsyncConsul, Consul
from consulate.exceptions import ConsulateException

#: The documented alias.
Session = Consul

__version__ = "0.1.0"

__all__ = ["AsyncConsul", "Consul", "ConsulateException", "Limits", "Meta", "Reply", "Session", "adapters", "exceptions"]
