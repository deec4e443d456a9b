"""Seconds that a fit takes when the process has already fitted a study of the same shape.

The second study is the first with other numbers: every declared, audience and survey figure is moved by a
few per cent, so nothing can be reused but what does not depend on the data.
"""

import argparse
import json
import os
import sys
from time import perf_counter

import microestim as me

BUDGET = 15.0


def with_other_numbers(study: me.Study, factor: float) -> me.Study:
    """Give the study with the values of its counts of accounts and visitors multiplied.

    Parameters
    ----------
    study : Study
        The study.
    factor : float
        What to multiply with (no unit).

    Returns
    -------
    Study
        Study with the same evidence, platforms and sources.
    """
    evidence = tuple(
        item.model_copy(update={"value": item.value * factor})
        if item.type in ("registrations", "audience")
        else item
        for item in study.evidence
    )
    return study.model_copy(update={"evidence": evidence})


def main() -> int:
    """Print the measurement as JSON; the exit status is 1 when it is over the budget or not converged."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--study", default="fr-2018")
    parser.add_argument("--rng", type=int, default=2018)
    options = parser.parse_args()
    study = me.load_study(options.study)
    fits = []
    passed = True
    for number, factor in enumerate((1.0, 1.05, 0.95)):
        begun = perf_counter()
        fit = me.WorkforceModel(with_other_numbers(study, factor)).fit(rng=options.rng + number)
        seconds = perf_counter() - begun
        converged = all(check.passed is not False for check in fit.check())
        if number:
            passed &= seconds <= BUDGET and converged
        fits.append(
            {"kind": "refit" if number else "first", "seconds": round(seconds, 1), "converged": converged}
        )
    print(json.dumps({"study": study.id, "cores": os.cpu_count(), "budget": BUDGET, "fits": fits}, indent=2))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
