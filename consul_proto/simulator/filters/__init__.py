"""The `filter` parameter: grammar, meaning, and use in endpoints."""
