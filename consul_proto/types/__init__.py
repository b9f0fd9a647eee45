"""TypedDicts for the JSON of the API. Calls take and return plain dicts and lists, whose members have Consul's own names."""
