"""Who a client is: which token its calls carry, and when to get another, without I/O."""
