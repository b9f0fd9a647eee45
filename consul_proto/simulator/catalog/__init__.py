"""Nodes, services and checks as the servers know them."""
