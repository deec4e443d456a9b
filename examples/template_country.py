"""A study of your own, from its file to its posterior.

    python examples/template_country.py my-country.toml

Without a file it takes template_country.toml beside it: a country that does not exist, all of whose values
are assumptions. Replace the file by yours; this script needs no change.
"""

import argparse
from pathlib import Path

import microestim as me

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0], argument_default=argparse.SUPPRESS)
arguments.add_argument("study", nargs="?", type=Path, default=Path(__file__).parent / "template_country.toml")
arguments.add_argument("--draws", type=int, help="draws kept in each chain")
arguments.add_argument("--tune", type=int, help="steps of adaptation in each chain")
arguments.add_argument("--chains", type=int, help="independent chains")
arguments.add_argument("--rng", type=int, default=1, help="seed, 1 unless given")
arguments.add_argument("--save", type=Path, default=None, help="netCDF file to keep the posterior in")
given = vars(arguments.parse_args())
path, save = given.pop("study"), given.pop("save")

study = me.read_study(path)
print(study, "\n")

fit = me.WorkforceModel(study).fit(**given)
print(fit.summary(), "\n")
weekly = fit.tiers.to_frame(by="platform").query("tier == 'weekly'").set_index("platform")
print(weekly[["estimate", "ci_low", "ci_high"]].round(-2))
if save is not None:
    fit.save(save)
