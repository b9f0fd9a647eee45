"""Settings of Hypothesis: no time limit for an example, because a machine may be busy, and no database of earlier runs."""

from hypothesis import settings

settings.register_profile("consulate", deadline=None, database=None, print_blob=True)
settings.load_profile("consulate")

#: Runs pytest in tests of a pytest plugin.
pytest_plugins = ["pytester"]
