"""Seconds that `microestim run` takes, report included, on a machine that never ran it and on one that did.

'Cold' starts with empty folders for compiled code and for Matplotlib's list of fonts; 'warm' is the same
command again. Each is a process of its own. The operating system's cache of files stays as it is.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

BUDGET = {"cold": 100.0, "warm": 45.0}


def timed_run(study: str, *, caches: Path, out: Path, rng: int) -> tuple[float, int]:
    """Run the command once.

    Parameters
    ----------
    study : str
        Id or path of the study.
    caches : Path
        Folder that holds everything compiled between runs.
    out : Path
        Folder for the report.
    rng : int
        Seed of the sampler.

    Returns
    -------
    tuple
        Seconds, and the exit status: 0 converged, 3 not converged.
    """
    environment = os.environ | {
        "XDG_CACHE_HOME": str(caches),
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "MPLCONFIGDIR": str(caches / "matplotlib"),
    }
    command = [sys.executable, "-m", "microestim", "run", study, "--json"]
    command += ["--out", str(out), "--rng", str(rng)]
    begun = perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    seconds = perf_counter() - begun
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}")
    if not (out / "report.html").is_file():
        raise SystemExit("the command wrote no report")
    return round(seconds, 1), done.returncode


def main() -> int:
    """Print the measurements as JSON; the exit status is 1 when one is over its budget or not converged."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--study", default="fr-2018")
    parser.add_argument("--rng", type=int, default=2018)
    parser.add_argument("--warm-runs", type=int, default=2)
    options = parser.parse_args()
    runs = []
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 + options.warm_runs):
            kind = "warm" if number else "cold"
            # The seed changes, so that no run can profit from another's draws.
            seconds, status = timed_run(
                options.study,
                caches=Path(folder) / "caches",
                out=Path(folder) / f"report-{number}",
                rng=options.rng + number,
            )
            passed &= seconds <= BUDGET[kind] and status == 0
            runs.append({"kind": kind, "seconds": seconds, "budget": BUDGET[kind], "exit_status": status})
    print(json.dumps({"study": options.study, "cores": os.cpu_count(), "runs": runs}, indent=2))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
