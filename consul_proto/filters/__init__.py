"""Build the expressions of `filter=` from selectors, with every value quoted. `consulate.filters` has the selectors."""
