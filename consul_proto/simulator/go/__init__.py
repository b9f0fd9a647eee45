"""Texts as Consul's Go libraries read and write them: JSON, HCL, durations, numbers, regular expressions."""
