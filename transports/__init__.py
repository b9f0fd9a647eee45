"""Transports: they send the requests that `consul_proto` builds. Each file imports at most the libraries that its name suggests."""
