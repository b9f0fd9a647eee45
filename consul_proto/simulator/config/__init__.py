"""Config entries: their types, their rules, and what follows from them."""
