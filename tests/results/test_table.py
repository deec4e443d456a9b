import pytest

from microestim.errors import InputError
from microestim.results import Summary, Table

TABLE = Table(("tier", "people"), [("a<b & c_d|e", "1,000")], title="50 %", footer=("why",))


def test_the_four_forms_escape_what_they_must():
    assert TABLE.to_text().splitlines() == [
        "50 %",
        "tier         people",
        "-----------  ------",
        "a<b & c_d|e   1,000",
        "why",
    ]
    assert "| a<b & c_d\\|e | 1,000 |" in TABLE.to_markdown()
    assert "a&lt;b &amp; c_d|e" in TABLE.to_html()
    assert r"a<b \& c\_d|e & 1,000 \\" in TABLE.to_latex()
    assert TABLE.to_latex().startswith(r"50 \%")


def test_long_cells_are_wrapped_to_the_width():
    table = Table(("name", "text"), [("x", "word " * 60)], align=("left", "left"), max_width=60)
    assert max(map(len, table.to_text().splitlines())) <= 60
    assert table.to_text().split().count("word") == 60


def test_ragged_rows_are_refused():
    with pytest.raises(InputError, match="row 1 has 1 cells for 2 columns"):
        Table(("a", "b"), [("x",)])
    with pytest.raises(InputError, match="sequence of lines"):
        Table(("a",), [("x",)], footer="one line")


def test_summary_hands_out_a_copy_of_its_frame():
    pd = pytest.importorskip("pandas")
    summary = Summary(TABLE, pd.DataFrame({"people": [1000.4]}))
    frame = summary.to_frame()
    frame.loc[0, "people"] = 0.0
    assert summary.to_frame().loc[0, "people"] == 1000.4
    assert str(summary) == TABLE.to_text()
    assert summary.to_markdown() == TABLE.to_markdown()
    assert summary.to_latex() == TABLE.to_latex()
    assert summary._repr_html_() == summary.to_html() == TABLE.to_html()
