"""Every call of the API, defined once: one file for each group of endpoints."""
