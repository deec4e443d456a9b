"""The publications behind estimators that do without independent lists."""

from microestim.results import Reference

__all__ = ["GERRITSE_2015", "SUN_2020"]

GERRITSE_2015 = Reference(
    authors=("Gerritse, S. C.", "van der Heijden, P. G. M.", "Bakker, B. F. M."),
    year=2015,
    title=(
        "Sensitivity of population size estimation for violating parametric assumptions in log-linear models"
    ),
    journal="Journal of Official Statistics",
    volume="31",
    pages="357–379",
    doi="10.1515/jos-2015-0017",
)
SUN_2020 = Reference(
    authors=("Sun, J.", "Van Baelen, L.", "Plettinckx, E.", "Crawford, F. W."),
    year=2020,
    title=("Partial identification and dependence-robust confidence intervals for capture-recapture surveys"),
    journal="arXiv",
    doi="10.48550/arXiv.2008.00127",
    kind="misc",
)
