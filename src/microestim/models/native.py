"""A printed function of loops as machine code: each statement is one instruction, compiled within Numba.

Numba infers a type for every operation and goes through a function many times; for thousands of lines of
plain arithmetic that takes most of a minute. Here every number is a double and every index a whole number,
so the lines go to LLVM as they stand, through Numba's door for such code (`numba.extending.intrinsic`).
What surrounds them, the elementary functions that they call and the keeping of compiled code stay Numba's.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["as_intrinsic"]

_ARITHMETIC = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_WHOLE = {ast.Add: "add", ast.Mult: "mul"}
_SIGNS = {ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.Eq: "=="}


def as_intrinsic(function: ast.FunctionDef, scope: Mapping[str, Any]) -> Any:
    """Make a function that compiled code can call out of the text of one.

    Parameters
    ----------
    function : ast.FunctionDef
        A function of one-dimensional arrays of doubles that ends by returning a number. It may assign numbers
        and elements, add to them, fill a slice with zero, loop over ranges of known length, and call
        functions of one number, `math.pow`, `min` and `max`.
    scope : mapping of str to object
        What the function finds by name: arrays of constants, modules and functions.

    Returns
    -------
    numba intrinsic
        For code that Numba compiles; it cannot be called otherwise.

    Raises
    ------
    NotImplementedError
        When it is compiled: the function has another kind of statement or expression.
    """
    import numba
    from numba.extending import intrinsic

    names = [argument.arg for argument in function.args.args]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = {
            name: context.make_array(type_)(context, builder, array).data
            for name, type_, array in zip(names, signature.args, arguments, strict=True)
        }
        return _Emitter(context, builder, arrays, scope).function(function)

    # Numba reads the number of arguments from the signature of what it is given.
    arguments = ", ".join(names)
    made: dict[str, Any] = {"signature": numba.float64, "generate": generate}
    exec(f"def loops(_typing, {arguments}):\n    return signature({arguments}), generate", made)
    return intrinsic(made["loops"])


class _Emitter:
    """Writes one function's statements with LLVM's builder, in order."""

    def __init__(
        self, context: Any, builder: Any, arrays: Mapping[str, Any], scope: Mapping[str, Any]
    ) -> None:
        import numba
        from numba.core import cgutils

        self.context, self.builder, self.scope = context, builder, scope
        self.write: Any = cgutils
        self.double = context.get_value_type(numba.float64)
        self.index = context.get_value_type(numba.intp)
        self.arrays = dict(arrays)
        self.numbers: dict[str, Any] = {}
        """What is assigned once, by name."""
        self.adders: dict[str, Any] = {}
        """Places of what is added to, by name."""
        self.counters: dict[str, Any] = {}

    def function(self, function: ast.FunctionDef) -> Any:
        """Write the whole function; gives the number that it returns."""
        for each in ast.walk(function):
            if isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name):
                name = each.target.id
                if name not in self.adders:
                    self.adders[name] = self.write.alloca_once(self.builder, self.double, name=name)
        *body, last = function.body
        if not isinstance(last, ast.Return) or last.value is None:
            raise NotImplementedError("the function does not end by returning a number")
        for statement in body:
            self.statement(statement)
        return self.number(last.value)

    def statement(self, statement: ast.stmt) -> None:
        """Write one statement."""
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=value):
                made = self.number(value)
                if name in self.adders:
                    self.builder.store(made, self.adders[name])
                elif name in self.numbers:
                    raise NotImplementedError(f"{name} is assigned twice and never added to")
                else:
                    self.numbers[name] = made
            case ast.Assign(
                targets=[
                    ast.Subscript(
                        ast.Name(array), ast.Slice(ast.Constant(int(start)), ast.Constant(int(stop)), None)
                    )
                ],
                value=ast.Constant(0.0),
            ):
                size = self.index((stop - start) * self.context.get_abi_sizeof(self.double))
                self.write.memset(self.builder, self.place(array, self.index(start)), size, 0)
            case ast.Assign(targets=[ast.Subscript(ast.Name(array), at)], value=value):
                made = self.number(value)
                self.builder.store(made, self.place(array, self.whole(at)))
            case ast.AugAssign(target, ast.Add(), value):
                match target:
                    case ast.Name(name):
                        place = self.adders[name]
                    case ast.Subscript(ast.Name(array), at):
                        place = self.place(array, self.whole(at))
                    case _:
                        raise _unknown(statement)
                added = self.number(value)
                self.builder.store(self.builder.fadd(self.builder.load(place), added), place)
            case ast.For(
                ast.Name(counter), ast.Call(ast.Name("range"), [ast.Constant(length)], []), body, []
            ):
                with self.write.for_range(self.builder, self.index(length), intp=self.index) as loop:
                    self.counters[counter] = loop.index
                    for each in body:
                        self.statement(each)
            case _:
                raise _unknown(statement)

    def place(self, array: str, at: Any) -> Any:
        """Give the address of an element; arrays of constants are written when first met."""
        if array not in self.arrays:
            values = np.asarray(self.scope[array], dtype=float)
            constant = self.write.create_constant_array(self.double, values.tolist())
            whole = self.write.global_constant(self.builder, array, constant)
            self.arrays[array] = whole.bitcast(self.double.as_pointer())
        return self.builder.gep(self.arrays[array], [at], inbounds=True)

    def whole(self, expression: ast.expr) -> Any:
        """Write an index."""
        match expression:
            case ast.Constant(int(value)):
                return self.index(value)
            case ast.Name(name):
                return self.counters[name]
            case ast.BinOp(left, kind, right) if type(kind) in _WHOLE:
                write = getattr(self.builder, _WHOLE[type(kind)])
                return write(self.whole(left), self.whole(right), flags=["nsw"])
            case _:
                raise _unknown(expression)

    def number(self, expression: ast.expr) -> Any:
        """Write an expression; gives its value."""
        match expression:
            case ast.Constant(int(value) | float(value)):
                return self.double(float(value))
            case ast.Name(name):
                return self.builder.load(self.adders[name]) if name in self.adders else self.numbers[name]
            case ast.Subscript(ast.Name(array), at):
                return self.builder.load(self.place(array, self.whole(at)))
            case ast.UnaryOp(ast.USub(), operand):
                return self.builder.fneg(self.number(operand))
            case ast.BinOp(left, ast.Pow(), right):
                return self.call(operator.pow, self.number(left), self.number(right))
            case ast.BinOp(left, kind, right) if type(kind) in _ARITHMETIC:
                write = getattr(self.builder, _ARITHMETIC[type(kind)])
                return write(self.number(left), self.number(right))
            case ast.IfExp(ast.Compare(left, [sign], [right]), yes, no) if type(sign) in _SIGNS:
                holds = self.builder.fcmp_ordered(_SIGNS[type(sign)], self.number(left), self.number(right))
                return self.builder.select(holds, self.number(yes), self.number(no))
            case ast.Call(ast.Name("float"), [operand], []):
                return self.number(operand)
            case ast.Call(ast.Name("min" | "max" as name), [one, two], []):
                first, second = self.number(one), self.number(two)
                # As Python has them: the first of two that are equal or cannot be compared.
                other = self.builder.fcmp_ordered("<" if name == "min" else ">", second, first)
                return self.builder.select(other, second, first)
            case ast.Call(ast.Name(name), operands, []):
                return self.call(self.scope[name], *map(self.number, operands))
            case ast.Call(ast.Attribute(ast.Name("math"), name), operands, []):
                return self.call(getattr(math, name), *map(self.number, operands))
            case _:
                raise _unknown(expression)

    def call(self, function: Callable[..., float], *numbers: Any) -> Any:
        """Write a call of what Numba knows or has compiled."""
        import numba

        known = self.context.typing_context
        kind = known.resolve_value_type(function)
        signature = known.resolve_function_type(kind, (numba.float64,) * len(numbers), {})
        if signature is None or signature.return_type != numba.float64:
            raise NotImplementedError(f"{function} does not give a number for {len(numbers)} numbers")
        written = self.context.get_function(kind, signature)
        result = written(self.builder, numbers)
        self.context.add_linking_libs(getattr(written, "libs", ()))
        return result


def _unknown(node: ast.AST) -> NotImplementedError:
    return NotImplementedError(f"no instruction is known for {ast.unparse(node)!r}")
