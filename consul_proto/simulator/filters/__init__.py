"""The `filter` parameter: its grammar, its meaning, and what endpoints do with it."""
