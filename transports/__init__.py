"""What carries a request: each module imports `consul_proto` and the one library that it is named after."""
