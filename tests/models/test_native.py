"""Text of a function as machine code: what Python makes of it, and a refusal of everything else."""

import ast
import math

import numba
import numpy as np
import pytest

from microestim.models.native import as_intrinsic

TABLE = np.array([2.0, -3.0, 5.0])
INTEGERS = np.array([1, 2, 4])


def both(body, *arrays):
    """Return what Python and compiled code give for a function's text."""
    names = [f"a{k}" for k in range(len(arrays))]
    text = "\n".join([f"def loops({', '.join(names)}):", *(f"    {line}" for line in body.splitlines())])
    scope = {"math": math, "table": TABLE, "integers": INTEGERS}
    exec(text, scope)
    native = as_intrinsic(ast.parse(text).body[0], scope)
    outer = {"native": native}
    exec(f"def outer({', '.join(names)}):\n    return native({', '.join(names)})", outer)
    mine, python = [[array.copy() for array in arrays] for _ in range(2)]
    given = numba.njit(outer["outer"])(*mine), scope["loops"](*python)
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(mine, python, strict=True))
    return given


@pytest.mark.parametrize(
    "body",
    [
        "return a0[0] + a0[1] * 2 - a0[2] / 4.0",
        "v = -a0[1]\nreturn v ** a0[2]",
        "a0[1:3] = 0.0\na0[0] += 7.0\nreturn a0[0]",
        "s = 1.0\nfor i in range(3):\n    s += a0[i] * table[i]\nt = s\ns = 0.0\n"
        "for i in range(2):\n    s += integers[1 + i]\nreturn s - t",
        "s = 0.0\nfor i in range(2):\n    for j in range(3):\n        a0[2 * i + j * 1] = a0[j]\n"
        "        s += a0[i]\nreturn s",
        "return math.exp(a0[0]) + math.log(a0[1]) + math.erf(a0[2]) + math.pow(a0[0], 3.0)",
        "v = 1.0 if a0[0] <= a0[1] else 0.0\nw = 2.0 if a0[0] > a0[1] else 0.0\n"
        "return v + w + (4.0 if a0[0] == a0[0] else 0.0)",
        "return min(a0[0], a0[1]) + 10.0 * max(a0[0], a0[2])",
        "return float(a0[2])",
    ],
    ids=["arithmetic", "power", "slice", "adders", "nested", "functions", "signs", "extremes", "float"],
)
def test_as_python_has_it(body):
    native, python = both(body, np.array([0.25, 1.5, 2.0, 4.0, 8.0]))
    assert native == pytest.approx(python, rel=4e-16)


@pytest.mark.parametrize("values", [(math.nan, 1.0), (1.0, math.nan), (-0.0, 0.0), (0.0, -0.0)])
def test_extremes_of_what_cannot_be_ordered(values):
    for name in ("min", "max"):
        native, python = both(f"return {name}(a0[0], a0[1])", np.array(values))
        assert math.copysign(1.0, native) == math.copysign(1.0, python)
        assert np.array_equal(native, python, equal_nan=True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("while True:\n    pass\nreturn 1.0", "no instruction is known for 'while True"),
        ("v = a0[0] // 2.0\nreturn v", "no instruction is known for 'a0"),
        ("return a0[a0[0]]", "no instruction is known for"),
        ("return a0[0] if a0[0] else 1.0", "no instruction is known for"),
        ("a0[0] -= 1.0\nreturn a0[0]", "no instruction is known for"),
        ("v = 1.0\nv = 2.0\nreturn v", "v is assigned twice"),
        ("a0[0] = 1.0", "does not end by returning a number"),
        ("return math.isnan(a0[0])", "does not give a number"),
    ],
)
def test_anything_else_is_refused(body, message):
    with pytest.raises((NotImplementedError, numba.core.errors.NumbaError), match=message):
        both(body, np.array([0.5, 1.5]))
