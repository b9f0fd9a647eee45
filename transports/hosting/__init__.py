"""Serve a simulated agent over sockets: its clock, its checks and its process."""
