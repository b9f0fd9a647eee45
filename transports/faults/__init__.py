"""Fault injection: plans of faults, and a transport that injects them."""
