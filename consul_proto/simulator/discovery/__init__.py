"""Health endpoints and prepared queries."""
