"""What all simulated endpoints use: requests and answers, routes, settings, the store and its timers."""
