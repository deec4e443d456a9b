"""How far apart the periods of a study and of a figure are."""

import pytest

from microestim.study.periods import overlap, years_before


@pytest.mark.parametrize(
    ("figure", "study", "years"),
    [
        ("2018", "2018", 0.0),
        ("2018-05/2018-07", "2018", 0.0),
        ("2018", "2018-06", 0.0),
        ("2017", "2018", 1.0),
        ("2019", "2018", -1.0),
        ("2021-02", "2022", (6.5 - 2 + 12) / 12),
        ("2015-11-30", "2018-06", 2 + 7 / 12),
        ("2014/2015", "2016/2017", 2.0),
    ],
)
def test_years_between_the_middles_of_periods_that_do_not_overlap(figure, study, years):
    assert years_before(figure, study) == pytest.approx(years)
    assert years_before(study, figure) == pytest.approx(-years)
    assert overlap(figure, study) == (years == 0)
