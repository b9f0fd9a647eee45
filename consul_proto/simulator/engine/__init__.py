"""What every simulated endpoint stands on: requests and answers, routes, settings, the store and its timers."""
