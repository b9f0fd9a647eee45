"""`consulate dev`: a simulated agent that serves HTTP."""
