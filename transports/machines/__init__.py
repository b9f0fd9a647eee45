"""Shells that drive the machines of `consul_proto.recipes`: one for threads, one for tasks."""
