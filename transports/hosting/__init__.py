"""Serving a simulated agent over sockets, with its clock, its checks and its process."""
