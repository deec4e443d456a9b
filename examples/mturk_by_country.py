"""How many people of each country were on Amazon Mechanical Turk, from how often they answered one survey.

    python examples/mturk_by_country.py

The counts are answers to a survey, not work. They do not tell how many people have a rate near zero: the
assumed distribution of rates decides that, so several are shown beside Chao's lower bound.
"""

import argparse
import warnings

import microestim as me

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--countries", nargs="+", help="all 33 groups unless given")
arguments.add_argument("--level", type=float, default=0.95, help="level of the intervals, 0.95 unless given")
given = arguments.parse_args()

mturk = me.datasets.mturk_countries()
print(mturk, "\n")
counts = {name: mturk.counts[name] for name in given.countries or mturk.counts}
warnings.simplefilter("ignore", me.errors.OneInflationWarning)  # told by the second table
for options in ({}, {"stopped": 0.2}, {"rates": "gamma"}):
    found = me.pooled_counts(counts, **options)
    print(found.to_table(level=given.level), "\n")
