"""Settings that every test shares."""

import os

import hypothesis

# Figures are drawn to files: a test must not need a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# The first call of a property loads SciPy or compiles, which no deadline for a single call allows for.
hypothesis.settings.register_profile("microestim", deadline=None, derandomize=True)
hypothesis.settings.load_profile("microestim")
