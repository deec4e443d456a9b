"""A PyTensor graph of small arrays, printed as one function of plain loops.

PyTensor's own compilers build every operation of a graph by itself; for a model of many small operations
that takes a minute and more on a machine's first run. Here PyTensor keeps what it is best at, the
gradient, and the graph becomes one function: operations of the same shape share a loop, and only what
another loop needs is stored. Elementwise arithmetic, sums, changes of dimensions and slices are known; any
other operation is refused.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.models.loop_function import LoopFunction

if TYPE_CHECKING:
    from pytensor.graph.basic import Apply, Variable

__all__ = ["print_loops"]

type Shape = tuple[int, ...]


@dataclass
class _Quantity:
    """What is computed or given once: a number, or an array without dimensions of length 1.

    `array` and `offset` say where its elements stand, for what is given. What a loop makes has the name of
    its element there, and a place in memory only if another loop needs it.
    """

    name: str
    shape: Shape
    array: str = ""
    offset: int = 0
    loop: tuple[int, Shape] | None = None
    """Level and shape of the loop in which every element is made, one an iteration."""
    ready: int = 0
    """First level at which other loops can read it."""
    constant: float | None = None
    """Its value, where that is known now."""

    def element(self, indices: Sequence[str]) -> str:
        """Give the expression that reads one element."""
        if not self.shape:
            return f"{self.array}[{self.offset}]" if self.array else self.name
        terms, stride = [str(self.offset)] if self.offset else [], math.prod(self.shape)
        for index, length in zip(indices, self.shape, strict=True):
            stride //= length
            terms.append(index if stride == 1 else f"{index} * {stride}")
        return f"{self.array}[{' + '.join(terms)}]"


@dataclass(frozen=True)
class _View:
    """A variable of the graph: a quantity, and the variable's dimension along which each of its own runs.

    A slice has the quantity of the whole, and its own first element along each of the quantity's dimensions.
    """

    quantity: _Quantity
    dimensions: tuple[int, ...]
    starts: tuple[int, ...] = ()

    @property
    def start(self) -> tuple[int, ...]:
        return self.starts or (0,) * len(self.dimensions)


@dataclass(frozen=True)
class _Sum:
    """A sum in a loop: what is added up, into what, and over which of the loop's dimensions."""

    term: str
    total: _Quantity
    over: frozenset[int]


@dataclass(frozen=True)
class _Padding:
    """What a loop writes into a part of a larger quantity, zero elsewhere, and where the part begins."""

    term: str
    whole: _Quantity
    starts: tuple[int, ...]


def _constant(value: float) -> _Quantity:
    return _Quantity(f"({value!r})", (), constant=value)


def _long(shape: Shape) -> list[int]:
    return [dimension for dimension, length in enumerate(shape) if length != 1]


def _shifted(index: str, start: int) -> str:
    return f"({index} + {start})" if start else index


def _first_elements(node: Apply[Any], shape: Shape, *, operands: int) -> list[int]:
    """First element along each dimension of `shape` of the slice that an operation takes or fills.

    The limits of the slice stand behind the operation's `operands`.
    """
    from pytensor.graph.basic import Constant
    from pytensor.tensor.subtensor import indices_from_subtensor

    limits: list[Any] = []
    for each in node.inputs[operands:]:
        if not isinstance(each, Constant):
            raise NotImplementedError(f"no loop is known for {node.op} with limits that are computed")
        limits.append(int(each.data))
    starts = [0] * len(shape)
    for axis, index in enumerate(indices_from_subtensor(limits, node.op.idx_list)):
        kept = range(shape[axis])[index] if isinstance(index, slice) else range(0)
        if kept.step != 1 or (len(kept) < 2 and len(kept) != shape[axis]):
            raise NotImplementedError(
                f"no loop is known for {node.op}, only for slices of 2 and more in a row"
            )
        starts[axis] = kept.start
    return starts


def _expression(operation: str, terms: Sequence[str], *, last: float | None, looped: bool) -> str | None:
    """Python's form of one of PyTensor's scalar operations, None for an unknown one; `last` is a constant."""
    match operation, tuple(terms):
        case "Add", _:
            return " + ".join(terms)
        case "Mul", _:
            return " * ".join(terms)
        case "Sub", (a, b):
            return f"{a} - {b}"
        case "TrueDiv", (a, b):
            return f"{a} / {b}"
        case "Neg", (a,):
            return f"-{a}"
        case "Sqr", (a,):
            return f"{a} * {a}"
        case "Pow", (a, b) if last is not None:
            known = {0.0: "1.0", 0.5: f"math.sqrt({a})", 1.0: a, 2.0: f"{a} * {a}", -1.0: f"1.0 / {a}"}
            return known.get(last, f"{a} ** {b}")
        case ("Exp" | "Log" | "Log1p" | "Erf") as name, (a,) if looped:
            return f"{name.lower()}({a})"
        case ("Exp" | "Log" | "Log1p" | "Sqrt" | "Erf") as name, (a,):
            return f"math.{name.lower()}({a})"
        case "Minimum", (a, b):
            return f"min({a}, {b})"
        case "Maximum", (a, b):
            return f"max({a}, {b})"
        case ("LE" | "GE" | "LT" | "GT" | "EQ") as name, (a, b):
            sign = {"LE": "<=", "GE": ">=", "LT": "<", "GT": ">", "EQ": "=="}[name]
            return f"1.0 if {a} {sign} {b} else 0.0"
        case (("Cast" | "Identity"), (a,)):
            return f"float({a})"
        case _:
            return None


class _Printer:
    def __init__(self) -> None:
        self.views: dict[Variable[Any, Any], _View] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.statements: dict[tuple[int, Shape], list[tuple[_Quantity, str]]] = defaultdict(list)
        self.sums: dict[tuple[int, Shape], list[_Sum]] = defaultdict(list)
        self.paddings: dict[tuple[int, Shape], list[_Padding]] = defaultdict(list)
        self.memory = 0
        self._made = 0

    def given(self, variable: Variable[Any, Any], array: str, offset: int) -> int:
        """Place an input; returns the number of its elements."""
        shape = variable.type.shape
        long = _long(shape)
        self.views[variable] = _View(
            _Quantity("", tuple(shape[i] for i in long), array=array, offset=offset), tuple(long)
        )
        return math.prod(shape)

    def view(self, variable: Variable[Any, Any]) -> _View:
        from pytensor.graph.basic import Constant

        if variable not in self.views:
            if not isinstance(variable, Constant):
                raise NotImplementedError(f"{variable} is neither given nor computed")
            values = np.asarray(variable.data, dtype=float)
            if not np.isfinite(values).all():
                raise NotImplementedError(f"the constant {variable} is not finite")
            if values.size and (values == values.flat[0]).all():
                self.views[variable] = _View(_constant(float(values.flat[0])), ())
            else:
                name = f"c{len(self.constants)}"
                self.constants[name] = values.ravel()
                long = _long(values.shape)
                quantity = _Quantity("", tuple(values.shape[i] for i in long), array=name)
                self.views[variable] = _View(quantity, tuple(long))
        return self.views[variable]

    def place(self, operands: Sequence[_View], shape: Shape) -> tuple[int, list[int]]:
        """Find the level of the loop that can read all operands, and the dimensions that it runs over."""
        long = _long(shape)
        lengths = tuple(shape[i] for i in long)
        level = 0
        for view in operands:
            loop = view.quantity.loop
            same = loop is not None and loop[1] == lengths and list(view.dimensions) == long
            level = max(level, loop[0] if same and loop is not None else view.quantity.ready)
        return level, long

    def read(self, view: _View, loop: tuple[int, Shape], long: Sequence[int]) -> str:
        """Give the expression of an operand inside a loop, and see that it is stored if it must be."""
        quantity = view.quantity
        if quantity.loop == loop or (not quantity.shape and not quantity.array):
            return quantity.name
        if not quantity.array:
            self.store(quantity)
        return quantity.element(
            [
                _shifted(f"i{long.index(dimension)}", start)
                for dimension, start in zip(view.dimensions, view.start, strict=True)
            ]
        )

    def store(self, quantity: _Quantity) -> None:
        """Give a quantity a place in memory."""
        quantity.array, quantity.offset = "memory", self.memory
        self.memory += math.prod(quantity.shape)

    def add(self, node: Apply[Any]) -> None:
        """Take one operation of the graph."""
        from pytensor.tensor.elemwise import CAReduce, DimShuffle, Elemwise
        from pytensor.tensor.subtensor import IncSubtensor, Subtensor

        output = node.outputs[0]
        operands = [self.view(variable) for variable in node.inputs if hasattr(variable.type, "shape")]
        if isinstance(node.op, DimShuffle):
            order = list(node.op.new_order)
            dimensions = tuple(order.index(dimension) for dimension in operands[0].dimensions)
            self.views[output] = replace(operands[0], dimensions=dimensions)
        elif isinstance(node.op, Subtensor):
            first = _first_elements(node, node.inputs[0].type.shape, operands=1)
            sliced = operands[0]
            starts = (own + first[i] for own, i in zip(sliced.start, sliced.dimensions, strict=True))
            self.views[output] = replace(sliced, starts=tuple(starts))
        elif isinstance(node.op, IncSubtensor) and operands[0].quantity.constant == 0.0:
            self._pad(node, operands[1])
        elif isinstance(node.op, CAReduce) and type(node.op.scalar_op).__name__ == "Add":
            self._sum(node, operands[0])
        elif isinstance(node.op, Elemwise):
            self._elementwise(node, operands)
        else:
            raise NotImplementedError(f"no loop is known for {node.op}")

    def _elementwise(self, node: Apply[Any], operands: Sequence[_View]) -> None:
        output, operation = node.outputs[0], type(node.op.scalar_op).__name__
        if operation == "Second":
            self.views[output] = operands[1]
            return
        level, long = self.place(operands, output.type.shape)
        lengths = tuple(output.type.shape[i] for i in long)
        loop = (level, lengths)
        terms = [self.read(view, loop, long) for view in operands]
        known = all(view.quantity.constant is not None for view in operands)
        last = operands[-1].quantity.constant
        expression = _expression(operation, terms, last=last, looped=bool(lengths) and not known)
        if expression is None:
            raise NotImplementedError(f"no expression is known for {node.op}")
        if known:
            self.views[output] = _View(_constant(eval(expression, {"math": math})), ())
            return
        quantity = self._new(lengths, loop=loop, ready=level + 1 if lengths else level)
        self.statements[loop].append((quantity, expression))
        self.views[output] = _View(quantity, tuple(long))

    def _pad(self, node: Apply[Any], operand: _View) -> None:
        output, part = node.outputs[0], node.inputs[1].type.shape
        level, long = self.place([operand], part)
        if _long(output.type.shape) != long:
            raise NotImplementedError(f"no loop is known for {node.op}: the part has other dimensions")
        first = _first_elements(node, output.type.shape, operands=2)
        loop = (level, tuple(part[i] for i in long))
        whole = self._new(tuple(output.type.shape[i] for i in long), loop=None, ready=level + 1)
        self.store(whole)
        self.paddings[loop].append(
            _Padding(self.read(operand, loop, long), whole, tuple(first[i] for i in long))
        )
        self.views[output] = _View(whole, tuple(long))

    def _sum(self, node: Apply[Any], operand: _View) -> None:
        shape = node.inputs[0].type.shape
        axes = range(len(shape)) if node.op.axis is None else node.op.axis
        over = {axis for axis in axes if shape[axis] != 1}
        kept = [axis for axis in range(len(shape)) if axis not in set(axes)]
        level, long = self.place([operand], shape)
        if not over:
            dimensions = tuple(kept.index(dimension) for dimension in operand.dimensions)
            self.views[node.outputs[0]] = replace(operand, dimensions=dimensions)
            return
        loop = (level, tuple(shape[i] for i in long))
        left = [i for i in long if i not in over]
        total = self._new(tuple(shape[i] for i in left), loop=None, ready=level + 1)
        term = self.read(operand, loop, long)
        if total.shape:
            self.store(total)
        self.sums[loop].append(_Sum(term, total, frozenset(long.index(i) for i in over)))
        self.views[node.outputs[0]] = _View(total, tuple(kept.index(i) for i in left))

    def _new(self, shape: Shape, *, loop: tuple[int, Shape] | None, ready: int) -> _Quantity:
        self._made += 1
        return _Quantity(f"v{self._made}", shape, loop=loop, ready=ready)

    def output(self, variable: Variable[Any, Any], offset: int) -> None:
        """Write a variable to the gradient, after everything else."""
        view = self.view(variable)
        shape = variable.type.shape
        _, long = self.place([view], shape)
        loop = (_LAST, tuple(shape[i] for i in long))
        target = _Quantity("", loop[1], array="gradient", offset=offset)
        indices = [f"i{k}" for k in range(len(long))]
        self.statements[loop].append((target, f"{target.element(indices)} = {self.read(view, loop, long)}"))

    def lines(self) -> list[str]:
        """Give the body of the function."""
        lines: list[str] = []
        for loop in sorted(
            {*self.statements, *self.sums, *self.paddings}, key=lambda each: (each[0], len(each[1]), each)
        ):
            lines += self._loop(loop)
        return lines

    def _loop(self, loop: tuple[int, Shape]) -> list[str]:
        depth = len(loop[1])
        indices = [f"i{k}" for k in range(depth)]
        before: dict[int, list[str]] = defaultdict(list)
        body: list[str] = []
        after: dict[int, list[str]] = defaultdict(list)
        for quantity, expression in self.statements[loop]:
            if quantity.array == "gradient":
                body.append(expression)
                continue
            body.append(f"{quantity.name} = {expression}")
            if quantity.shape and quantity.array:
                body.append(f"{quantity.element(indices)} = {quantity.name}")
        for each in self.sums[loop]:
            kept = [index for k, index in enumerate(indices) if k not in each.over]
            if each.over == frozenset(range(depth - len(each.over), depth)):
                # Over the innermost loops: added up in a local number.
                outer = depth - len(each.over)
                before[outer].append(f"{each.total.name} = 0.0")
                body.append(f"{each.total.name} += {each.term}")
                if each.total.shape:
                    after[outer].append(f"{each.total.element(kept)} = {each.total.name}")
            else:
                start, stop = each.total.offset, each.total.offset + math.prod(each.total.shape)
                before[0].append(f"memory[{start}:{stop}] = 0.0")
                body.append(f"{each.total.element(kept)} += {each.term}")
        for part in self.paddings[loop]:
            start, stop = part.whole.offset, part.whole.offset + math.prod(part.whole.shape)
            before[0].append(f"memory[{start}:{stop}] = 0.0")
            shifted = [_shifted(index, first) for index, first in zip(indices, part.starts, strict=True)]
            body.append(f"{part.whole.element(shifted)} = {part.term}")
        lines = []
        for k, length in enumerate(loop[1]):
            lines += [" " * (4 * k) + line for line in before[k]]
            lines.append(" " * (4 * k) + f"for i{k} in range({length}):")
        lines += [" " * (4 * depth) + line for line in body]
        for k in reversed(range(depth)):
            lines += [" " * (4 * k) + line for line in after[k]]
        return lines


_LAST = 2**31
"""Level of the loops that write the gradient."""


def print_loops(
    value: Variable[Any, Any], coordinates: Sequence[Variable[Any, Any]], data: Sequence[Variable[Any, Any]]
) -> LoopFunction:
    """Print a scalar graph and its gradient as one function of loops.

    Parameters
    ----------
    value : scalar PyTensor variable
        What to compute.
    coordinates : sequence of PyTensor variables
        Inputs to differentiate by, of fixed shapes; they stand one after the other in `values`.
    data : sequence of PyTensor variables
        Other inputs, of fixed shapes; they stand one after the other in `data`.

    Returns
    -------
    LoopFunction
        The function.

    Raises
    ------
    NotImplementedError
        The graph has an operation other than elementwise arithmetic, sums, changes of dimensions and slices.
    """
    from pytensor.configdefaults import config
    from pytensor.gradient import grad
    from pytensor.graph.fg import FunctionGraph
    from pytensor.graph.rewriting.basic import MergeOptimizer

    # PyTensor notes for each variable where it was made, which takes half of the time.
    with config.change_flags(traceback__limit=0):
        gradient: Any = grad(value, list(coordinates))
    graph = FunctionGraph([*coordinates, *data], [value, *gradient], clone=True)
    MergeOptimizer().rewrite(graph)  # type: ignore[no-untyped-call]
    printer = _Printer()
    starts = []
    offsets = {"values": 0, "data": 0}
    for k, variable in enumerate(graph.inputs):
        array = "values" if k < len(coordinates) else "data"
        starts.append(offsets[array])
        offsets[array] += printer.given(variable, array, offsets[array])
    for node in graph.toposort():
        printer.add(node)
    for variable, start in zip(graph.outputs[1:], starts, strict=False):
        printer.output(variable, start)
    whole = printer.view(graph.outputs[0])
    size, given = offsets["values"], offsets["data"]
    head = ["import math", "", "import numba", "import numpy as np", ""]
    head += ["from microestim.models.elementary import erf, exp, log, log1p", ""]
    head += [f"{name} = np.array({values.tolist()!r})" for name, values in printer.constants.items()]
    head += ["", "", "def loops(values, gradient, data, memory):"]
    body = [*printer.lines(), f"return {whole.quantity.element([])}"]
    tail = [
        "def evaluate(size, values_, gradient_, value_, data_):",
        f"    if size != {size}:",
        "        return -1",
        f"    values = numba.carray(values_, {size})",
        f"    gradient = numba.carray(gradient_, {size})",
        f"    data = numba.carray(data_, {given})",
        f"    memory = np.empty({printer.memory})",
        "    value_[0] = loops(values, gradient, data, memory)",
        "    finite = math.isfinite(value_[0])",
        f"    for i in range({size}):",
        "        finite = finite and math.isfinite(gradient[i])",
        "    return 0 if finite else 1",
    ]
    return LoopFunction("\n".join([*head, *(f"    {line}" for line in body), "", "", *tail, ""]))
