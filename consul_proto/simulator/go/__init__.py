"""How Consul's Go libraries read and write texts: JSON, HCL, durations, numbers, regular expressions."""
