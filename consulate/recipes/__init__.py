"""Recipes: locks, semaphores, elections and kept sessions, for threads and for tasks. docs/recipes.md explains them."""
