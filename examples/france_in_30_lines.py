"""France 2018 from Python: what was published, what the same evidence supports, and what to make of it.

    python examples/france_in_30_lines.py

takes a minute or two, most of it to compile the model. Smaller: --draws 300 --tune 300 --chains 2.
"""

import argparse

import microestim as me

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0], argument_default=argparse.SUPPRESS)
arguments.add_argument("--draws", type=int, help="draws kept in each chain")
arguments.add_argument("--tune", type=int, help="steps of adaptation in each chain")
arguments.add_argument("--chains", type=int, help="independent chains")
arguments.add_argument("--rng", type=int, default=1, help="seed, 1 unless given")
settings = vars(arguments.parse_args())

study = me.load_study("fr-2018")
print(me.reproduce(study), "\n")

model = me.WorkforceModel(study)
fits = [model.fit(**settings, reading=reading) for reading in model.readings]
for fit in fits:
    print(fit.summary(), "\n")

fit = fits[0]  # the study's own reading
bands = fit.tiers.to_frame(by="band").set_index("estimand")
print(bands[["estimate", "ci_low", "ci_high"]].round(-3))
print(f"\nP(more than 15,000 people are weekly) = {(fit.draws('weekly') > 15_000).mean():.2f}")
