"""Graphs printed as loops: every operation, every way to sum and to broadcast, against NumPy."""

import numpy as np
import pytest
import scipy.special

from microestim.models import loop_function
from microestim.models.loops import print_loops

ROWS, COLUMNS = 3, 4


def run(source):
    scope = {}
    exec(source, scope)
    return scope["evaluate"]


@pytest.fixture
def inputs():
    import pytensor.tensor as pt

    return pt.dscalar("a"), pt.dvector("b", shape=(ROWS,)), pt.dmatrix("c", shape=(ROWS, COLUMNS))


def unpack(values):
    return values[0], values[1 : 1 + ROWS], values[1 + ROWS :].reshape(ROWS, COLUMNS)


POINT = np.random.default_rng(0).uniform(0.2, 0.8, 1 + ROWS + ROWS * COLUMNS)
WEIGHTS = np.arange(12.0).reshape(ROWS, COLUMNS)


def tensor():
    import pytensor.tensor as pt

    return pt


CASES = {
    "sums over each axis": lambda xp, a, b, c: (
        (c.sum(0) * WEIGHTS[0]).sum() + (c.sum(1) * b).sum() + c.sum() * a + a
    ),
    "a sum read by its own rows": lambda xp, a, b, c: (c / c.sum(1)[:, None] * WEIGHTS).sum(),
    "a sum read by its own columns": lambda xp, a, b, c: (c / c.sum(0) * WEIGHTS).sum(),
    "broadcasting": lambda xp, a, b, c: (a * b[:, None] * c + b[:, None] / a).sum(),
    "a square transposed": lambda xp, a, b, c: (
        (b[:, None] * b + b[:, None]) * (b[:, None] * b + b[:, None]).T * WEIGHTS[:, :ROWS]
    ).sum(),
    "powers": lambda xp, a, b, c: (c**2 + c**0.5 + c**-1 + c**3 + c**1 + c**0).sum(),
    "functions": lambda xp, a, b, c: (
        xp.exp(c) + xp.log(c) * xp.log1p(c) - xp.sqrt(c) * xp.erf(c) - (-c) + c * c
    ).sum(),
    "smaller and larger": lambda xp, a, b, c: (
        (xp.minimum(c, a) * WEIGHTS).sum() + (xp.maximum(c, b[:, None]) * WEIGHTS).sum()
    ),
    "a dimension of length 1": lambda xp, a, b, c: (
        ((b[None, :, None] * c[None]).sum(0) * WEIGHTS).sum() + (b[:, None].sum(-1) * b).sum()
    ),
    "a slice of columns": lambda xp, a, b, c: (c[:, 1:] ** 2 * WEIGHTS[:, 1:]).sum() * a,
    "differences along columns": lambda xp, a, b, c: ((c[:, 1:] - c[:, :-1]) ** 3 * WEIGHTS[:, 1:]).sum(),
    "differences of what is computed": lambda xp, a, b, c: (
        (xp.exp(c * b[:, None])[1:] - xp.exp(c * b[:, None])[:-1]) * WEIGHTS[1:]
    ).sum(),
    "a slice of a slice, added up": lambda xp, a, b, c: (c[1:][:, 1:][:, :2].sum(0) * WEIGHTS[0, :2]).sum(),
    "a slice of what is broadcast": lambda xp, a, b, c: (
        ((b[:, None] + 0.0 * c) * a)[:, 2:] ** 2 * WEIGHTS[:, 2:]
    ).sum(),
    "a slice of everything": lambda xp, a, b, c: (c[:, 0:] * WEIGHTS).sum() + (b[:ROWS] ** 2).sum(),
    "nothing but a number": lambda xp, a, b, c: a * a + 3.0,
}


class _NumPy:
    exp, log, log1p, sqrt = np.exp, np.log, np.log1p, np.sqrt
    erf = scipy.special.erf
    minimum, maximum = np.minimum, np.maximum


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient(inputs, case, tmp_path, call):

    def formula(xp, a, b, c):
        # Every input has a share, as every coordinate of a model has its prior.
        return CASES[case](xp, a, b, c) + a + b.sum() + c.sum()

    printed = print_loops(formula(tensor(), *inputs), inputs, [])
    value, gradient, status = call(run(printed.source), POINT, np.empty(0))

    def reference(values):
        return float(formula(_NumPy, *unpack(values)))

    assert status == 0
    assert value == pytest.approx(reference(POINT), rel=1e-12)
    compiled = call(printed.compile(tmp_path).ctypes, POINT, np.empty(0))
    assert compiled[::2] == (pytest.approx(value, rel=1e-14), 0)
    assert np.allclose(compiled[1], gradient, rtol=1e-12, atol=1e-14)
    step = 1e-6
    numeric = [
        (reference(POINT + step * e) - reference(POINT - step * e)) / (2 * step) for e in np.eye(len(POINT))
    ]
    # A central difference over 2e-6 of values of up to 1e2: rounding of 1e-8, curvature of less.
    assert np.allclose(gradient, numeric, rtol=1e-6, atol=1e-6)


def test_compiled_equals_printed_and_is_found_again(inputs, tmp_path, call):
    a, b, c = inputs
    formula = CASES["a sum read by its own rows"](tensor(), a, b, c) + a * b.sum()
    printed = print_loops(formula, inputs, [])
    expected = call(run(printed.source), POINT, np.empty(0))
    first = printed.compile(tmp_path)
    kept = sorted(path.name for path in (tmp_path / "__pycache__").iterdir())
    assert any(name.endswith(".nbc") for name in kept)
    again = printed.compile(tmp_path)
    assert again.cache_hits == 1
    assert sorted(path.name for path in (tmp_path / "__pycache__").iterdir()) == kept
    for function in (first, again):
        value, gradient, status = call(function.ctypes, POINT, np.empty(0))
        assert (value, status) == (pytest.approx(expected[0], rel=1e-14), 0)
        assert np.allclose(gradient, expected[1], rtol=1e-12, atol=1e-14)


def test_what_the_compiled_code_is_made_from_is_in_its_name(inputs, tmp_path, monkeypatch):
    a, b, c = inputs
    printed = print_loops(a * b.sum() + c.sum(), inputs, [])
    printed.compile(tmp_path)
    monkeypatch.setattr(loop_function, "_REORDERING", {"contract"})
    printed.compile(tmp_path)
    assert len(list(tmp_path.glob("density_*.py"))) == 2


def test_a_folder_that_cannot_be_written_to_costs_only_time(inputs, tmp_path, call):
    a, b, c = inputs
    printed = print_loops(a * b.sum() + c.sum(), inputs, [])
    occupied = tmp_path / "a file"
    occupied.write_text("not a folder")
    function = printed.compile(occupied)
    value, _, status = call(function.ctypes, POINT, np.empty(0))
    a, b, c = unpack(POINT)
    assert status == 0
    assert value == pytest.approx(a * b.sum() + c.sum(), rel=1e-14)
    assert occupied.read_text() == "not a folder"


def test_data_enter_without_printing_again(inputs, call):
    pt = tensor()
    a, b, c = inputs
    number, row = pt.dscalar("number"), pt.dvector("row", shape=(COLUMNS,))
    evaluate = run(print_loops((c * row).sum() + number * a + b.sum(), inputs, [number, row]).source)
    for seed in (1, 2):
        data = np.random.default_rng(seed).normal(size=1 + COLUMNS)
        value, gradient, _ = call(evaluate, POINT, data)
        a_, b_, c_ = unpack(POINT)
        assert value == pytest.approx((c_ * data[1:]).sum() + data[0] * a_ + b_.sum(), rel=1e-12)
        assert gradient[0] == data[0]


def test_what_is_not_finite_is_told(inputs, call):
    pt = tensor()
    a, b, c = inputs
    evaluate = run(print_loops(pt.log(a) + b.sum() + c.sum(), inputs, []).source)
    with np.errstate(all="ignore"):
        *_, status = call(
            print_loops(pt.exp(1e4 * a) + b.sum() + c.sum(), inputs, []).compile().ctypes, POINT, []
        )
    assert status == 1
    *_, status = call(evaluate, POINT, np.empty(0))
    assert status == 0


def test_another_number_of_coordinates_is_refused(inputs, call):
    a, b, c = inputs
    evaluate = run(print_loops(a + b.sum() + c.sum(), inputs, []).source)
    *_, status = call(evaluate, POINT, np.empty(0), size=3)
    assert status == -1


def test_unknown_operations_are_refused(inputs, call):
    pt = tensor()
    a, b, c = inputs
    with pytest.raises(NotImplementedError, match="no loop is known for"):
        print_loops(a + b.sum() + pt.dot(c.T, c).sum(), inputs, [])
    with pytest.raises(NotImplementedError, match="no expression is known for"):
        print_loops(pt.gammaln(a) + b.sum() + c.sum(), inputs, [])
    with pytest.raises(NotImplementedError, match="no expression is known for"):
        print_loops((c ** b.sum()).sum() + a, inputs, [])
    for part in (c[0], c[:, ::2], c[:, 1:2], pt.set_subtensor(c[:, 1:], 0.0)):
        with pytest.raises(NotImplementedError, match="no loop is known for"):
            print_loops(a + b.sum() + c.sum() + part.sum(), inputs, [])
    with pytest.raises(NotImplementedError, match="is not finite"):
        print_loops(
            a * np.array([1.0, np.inf, 2.0]).sum() + (b * [1.0, np.inf, 2.0]).sum() + c.sum(), inputs, []
        )
