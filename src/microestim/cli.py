"""The command line: `microestim studies | check | new | reproduce | run | calibrate | cite`."""

from __future__ import annotations

import json
import math
import os
import sys
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import microestim as me

__all__ = ["main"]

DEFAULT_SEED = 1
NOT_CONVERGED = 3
_BAD_INPUT = 2
_INTERRUPTED = 130
_BROKEN_PIPE = 141
_WIDTH = 110

_STUDY_HELP = "STUDY is the id of a shipped study (see `microestim studies`) or the path of a TOML file."


def _examples(*lines: str, study: bool = True) -> str:
    """Lay out examples for the end of a help page."""
    # The backspace keeps click from joining the lines.
    examples = "\b\nExamples:\n" + "\n".join(f"  microestim {line}" for line in lines)
    return f"{_STUDY_HELP}\n\n{examples}" if study else examples


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_examples(
        "run fr-2018                   estimate, and write a report",
        "reproduce fr-2018-report      replay the published arithmetic",
        "new br-2023 > br-2023.toml    begin a study of your own",
        "check br-2023.toml            everything wrong with it, at once",
        study=False,
    )
    + "\n\nExit status: 0 done; 2 wrong input, nothing written; 3 the sampler did not converge.",
)
@click.version_option(me.__version__, prog_name="microestim")
def cli() -> None:
    """How many people in a country do paid micro-tasks on online platforms, with intervals and sources."""


@cli.command()
def studies() -> None:
    """List the shipped studies."""
    click.echo(str(me.studies()))


@cli.command(
    epilog=_examples("new br-2023 > br-2023.toml", "new br-2023 --public > br-2023.toml", study=False)
)
@click.argument("id")
@click.option(
    "--public",
    is_flag=True,
    help="Fill in what is public about the country, for Brazil (br-) and India (in-).",
)
def new(id: str, public: bool) -> None:
    """Print a commented template of a study file.

    ID names the new study, best by country and year.
    """
    click.echo(me.template(id, public=public), nl=False)


@cli.command(epilog=_examples("check br-2023.toml"))
@click.argument("study")
def check(study: str) -> None:
    """Report everything that is wrong with a study, or what the joint model will use of it."""
    found = _study(study)
    model = me.WorkforceModel(found)
    used = [f"  {each.name}: {each.label}" for each in model.design.observations]
    by_reason: dict[str, list[str]] = {}
    for name, reason in model.design.left_out.items():
        by_reason.setdefault(reason, []).append(name)
    left = [
        textwrap.fill(f"{reason}: {', '.join(names)}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
        for reason, names in by_reason.items()
    ]
    click.echo(str(found))
    click.echo("\nIn the joint model:\n" + "\n".join(used))
    if left:
        click.echo("\nNot in the joint model:\n" + "\n".join(left))
    click.echo(f"\nNothing is wrong with {found.id}.")


@cli.command(epilog=_examples("reproduce fr-2018-report"))
@click.argument("study")
def reproduce(study: str) -> None:
    """Replay a study's published arithmetic beside what was printed."""
    click.echo(str(me.reproduce(_study(study))))


@cli.command(epilog=_examples("cite", "cite fr-2018"))
@click.argument("study", required=False)
def cite(study: str | None) -> None:
    """Print what to cite, as BibTeX: the library, and for a STUDY its sources and the methods."""
    click.echo(me.citation(None if study is None else _study(study)))


@cli.command(epilog=_examples("run fr-2018", "run br-2023.toml --out results --rng 7 --priors priors.toml"))
@click.argument("study")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write to; named after the study unless given."
)
@click.option(
    "--rng", type=int, default=DEFAULT_SEED, show_default=True, help="Seed: the same seed, the same draws."
)
@click.option(
    "--draws", type=int, default=1500, show_default=True, help="Draws kept of each of the four chains."
)
@click.option(
    "--priors", type=click.Path(path_type=Path), help="TOML file with one table for each prior to replace."
)
@click.option(
    "--refits", is_flag=True, help="Fit again without each piece of evidence and each platform: minutes."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def run(
    study: str, out: Path | None, rng: int, draws: int, priors: Path | None, refits: bool, as_json: bool
) -> int:
    """Fit the joint model of a study, print how many people, and write a report.

    Writes report.html, estimates.csv, posterior.nc and figures to a folder: the people on the observed
    platforms, and on all platforms that the study lists. A study with a question on how often people work
    is fitted under both readings of that question. Without --rng the seed is 1, so that
    the same versions give the same figures on the same kind of processor; the report records it.
    """
    found = _study(study)
    model = me.WorkforceModel(found, priors=_priors(priors, found))
    folder = Path(found.id) if out is None else out
    _refuse_unusable(folder)
    progress = sys.stderr.isatty()
    fits = []
    with warnings.catch_warnings():
        # The tables say so themselves, and the exit status does.
        warnings.simplefilter("ignore", me.errors.ConvergenceWarning)
        for reading in model.readings or (None,):
            if progress and reading is not None:
                click.echo(f"{found.id}: the question on frequency read as about {reading}", err=True)
            fits.append(model.fit(rng=rng, draws=draws, reading=reading, progress=progress))
    fit, others = fits[0], tuple(fits[1:])
    if refits:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", me.errors.ConvergenceWarning)
            # The fit keeps what was found, and every check and the report show it.
            fit.check(refits=True, progress=progress)
    if progress:
        click.echo("  writing the report ...", err=True)
    try:
        files = fit.write(folder, alternatives=others)
    except OSError as error:
        raise click.ClickException(f"cannot write to {str(folder)!r}: {error.strerror or error}") from error
    click.echo(_document(fit, others, files) if as_json else _page(fit, others, files))
    return 0 if all(each.converged for each in fits) else NOT_CONVERGED


@cli.command(
    epilog=_examples(
        "calibrate fr-2018 --worlds 50 --jobs 2",
        "calibrate br-2023.toml --out br-calibration --resume",
    )
)
@click.argument("study")
@click.option("--worlds", type=click.IntRange(1), default=200, show_default=True, help="Number of worlds.")
@click.option(
    "--jobs", type=int, default=1, show_default=True, help="Worlds at the same time; -1: one a processor."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to; named after the study, with '-calibration', unless given.",
)
@click.option(
    "--rng", type=int, default=DEFAULT_SEED, show_default=True, help="Seed: the same seed, the same worlds."
)
@click.option("--resume", is_flag=True, help="Go on with the calibration in the folder.")
@click.option(
    "--priors", type=click.Path(path_type=Path), help="TOML file with one table for each prior to replace."
)
@click.option("--json", "as_json", is_flag=True, help="Print the JSON document instead of the table.")
def calibrate(
    study: str,
    worlds: int,
    jobs: int,
    out: Path | None,
    rng: int,
    resume: bool,
    priors: Path | None,
    as_json: bool,
) -> None:
    """Count how often intervals hold the truth in worlds that are shaped like a study.

    Worlds with known truth are drawn with the platforms, the size and the forms of evidence of the study, and
    the joint model is fitted to each; beside it stands the published arithmetic with its bootstrap. Writes
    calibration.json (as worlds are done), calibration.csv and calibration.png to a folder. A world takes
    10 to 25 seconds. Worlds that the model refuses, and fits that did not converge, are counted in the table.
    """
    found = _study(study)
    folder = Path(f"{found.id}-calibration") if out is None else out
    _refuse_unusable(folder)
    progress = sys.stderr.isatty()
    options: dict[str, Any] = {"priors": _priors(priors, found), "output": folder, "resume": resume}
    result = me.calibrate(found, worlds=worlds, rng=rng, jobs=jobs, progress=progress, **options)
    if as_json:
        click.echo(result.to_json(), nl=False)
        return
    click.echo(str(result))
    names = ("calibration.json", "calibration.csv", "calibration.png")
    click.echo("\nWritten:\n" + "\n".join(f"  {folder / name}" for name in names))


def _study(name: str) -> me.Study:
    """Find a study by its id or its path."""
    shipped = me.studies().ids
    if name in shipped:
        return me.load_study(name)
    path = Path(name)
    if path.suffix == ".toml" or path.is_file() or len(path.parts) > 1:
        return me.read_study(path)
    raise click.ClickException(
        f"no study {name!r}: it is neither shipped ({', '.join(shipped)}) nor a file here; give an id or "
        "the path of a TOML file"
    )


def _priors(path: Path | None, study: me.Study) -> dict[str, dict[str, Any]] | None:
    """Read the priors to replace; one that nothing of the study rests on would change nothing."""
    if path is None:
        return None
    given = me.read_priors(path)
    model = me.WorkforceModel(study)
    used = model.priors | model.wider_priors
    for name in given:
        if name not in used:
            raise click.ClickException(
                f"{str(path)!r} replaces the prior {name!r}, which the model of {study.id} does not use; "
                f"it uses {', '.join(used)}"
            )
    return given


def _refuse_unusable(folder: Path) -> None:
    """Refuse a folder that cannot be written to, before minutes are spent on a fit."""
    above = folder.absolute()
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise click.ClickException(f"{str(above)!r} is a file; give --out a folder to write to")
    if not os.access(above, os.W_OK | os.X_OK):
        raise click.ClickException(f"{str(above)!r} may not be written to; give another folder with --out")


def _page(fit: me.WorkforceFit, others: Sequence[me.WorkforceFit], files: dict[str, Path]) -> str:
    """Lay out the result for a reader."""
    blocks = [str(fit.summary())]
    if fit.tiers.over("all").imputed:
        blocks.append(str(fit.summary(scope="all")))
    if others:
        blocks.append(str(fit.beside(others)))
    most = f"The assumption that matters most: {fit.prior_influence().most_influential[1]}"
    blocks.append(textwrap.fill(most, _WIDTH))
    lines = ["Checks"]
    for result in fit.check():
        head, line = f"  {result.verdict:<8} ", f"{result.name}: {result.sentence}"
        # What passed needs no detail here: the report has it.
        lines.append(
            textwrap.fill(line, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
            if result.passed is False
            else head + textwrap.shorten(line, _WIDTH - len(head), placeholder=" ...")
        )
    blocks.append("\n".join(lines))
    chains, draws = fit.shape
    written = "\n".join(f"  {path}" for path in files.values())
    blocks.append(f"Seed {fit.settings.seed}, {chains} chains of {draws:,} draws. Written:\n{written}")
    return "\n\n".join(blocks)


def _document(fit: me.WorkforceFit, others: Sequence[me.WorkforceFit], files: dict[str, Path]) -> str:
    """Write the result for a machine, in full precision."""
    name, sentence = fit.prior_influence().most_influential
    chains, draws = fit.shape
    document = {
        "study": fit.study.id,
        "title": fit.study.title,
        "converged": all(each.converged for each in (fit, *others)),
        "seed": fit.settings.seed,
        "chains": chains,
        "draws": draws,
        "fits": [_fit_document(each) for each in (fit, *others)],
        "most_influential": {"quantity": name, "sentence": sentence},
        "checks": [
            {"name": each.name, "passed": each.passed, "sentence": each.sentence} for each in fit.check()
        ],
        "versions": fit.versions,
        "files": {name: str(path) for name, path in files.items()},
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def _fit_document(fit: me.WorkforceFit) -> dict[str, Any]:
    diagnostics = fit.convergence
    by_tier = {"r_hat": diagnostics.r_hat, "ess_bulk": diagnostics.ess_bulk, "ess_tail": diagnostics.ess_tail}
    return {
        "reading": fit.reading,
        "converged": fit.converged,
        "faults": list(diagnostics.faults),
        "divergences": diagnostics.divergences,
        **{name: {tier: _finite(v) for tier, v in values.items()} for name, values in by_tier.items()},
        "estimates": [
            {str(key): _finite(value) for key, value in row.items()}
            for tiers in (fit.tiers, *([fit.tiers.over("all")] if fit.tiers.over("all").imputed else []))
            for by in ("total", "platform", "band")
            for row in tiers.to_frame(by=by).to_dict("records")
            if not tiers.imputed or not row["platform"] or row["platform"] in tiers.imputed
        ],
    }


def _finite(value: Any) -> Any:
    """JSON has no word for what is not a number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _complain(message: str) -> int:
    click.echo(f"microestim: {message}", err=True)
    return _BAD_INPUT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Arguments; those of the process unless given.

    Returns
    -------
    int
        Exit status: 0 done, 2 wrong input, 3 not converged, 130 interrupted.
    """
    try:
        status = cli.main(
            args=None if arguments is None else list(arguments), prog_name="microestim", standalone_mode=False
        )
        sys.stdout.flush()
    except click.Abort:
        return _INTERRUPTED
    except click.UsageError as error:
        error.show()
        return _BAD_INPUT
    except click.ClickException as error:
        return _complain(error.format_message())
    except me.MicroestimError as error:
        return _complain(str(error))
    except BrokenPipeError:
        # The reader has gone: the interpreter's own last flush must find somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return status or 0
