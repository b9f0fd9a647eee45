"""Fault injection: plans of faults, and a transport that carries them out."""
