"""Read and write the key/value store."""
