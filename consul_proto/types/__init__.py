"""TypedDicts with the wire's own names: what calls return and take are plain dicts and lists, typed."""
