"""The exponential and the logarithm: within one unit in the last place of the true value, in both forms, and no other ones in the model."""

from __future__ import annotations

import ast
import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.compiled import PLAIN
from agents.core.exact import _rounded_up, exp, exps, just, log, logs, rounded_up

getcontext().prec = 60
ROOT = Path(__file__).resolve().parents[2]
LEAST, LEAST_NORMAL, MOST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
#: The last numbers before the result is 0, or infinite.
LAST_BELOW, LAST_ABOVE = -745.1332191019411, 709.782712893384


def off(found: float, true: Decimal) -> float:
    """How far a result is from the true value, in units of its last place."""
    return float(abs(Decimal(found) - true) / Decimal(math.ulp(found)))


def test_known_values() -> None:
    assert [exp(x) for x in (0.0, -0.0, 1.0, -1.0)] == [1.0, 1.0, 2.718281828459045, 0.36787944117144233]
    assert [log(x) for x in (1.0, 2.0, 0.5, 10.0)] == [0.0, 0.6931471805599453, -0.6931471805599453, 2.302585092994046]
    assert log(math.e) == 1.0 and math.copysign(1.0, log(1.0)) == 1.0
    assert exp(math.log(2.0) * 10) == pytest.approx(1024.0, rel=1e-15)


def test_ends_of_the_exponential() -> None:
    assert exp(math.inf) == math.inf and exp(-math.inf) == 0.0 and math.isnan(exp(math.nan))
    assert (
        exp(LAST_ABOVE) == pytest.approx(MOST, rel=1e-12)
        and exp(LAST_ABOVE) < math.inf
        and exp(math.nextafter(LAST_ABOVE, 800)) == math.inf
    )
    assert exp(LAST_BELOW) == LEAST and exp(math.nextafter(LAST_BELOW, -800)) == 0.0
    assert exp(710.0) == exp(1e300) == math.inf and exp(-746.0) == exp(-1e300) == 0.0
    assert exp(LEAST) == exp(-LEAST) == 1.0


def test_ends_of_the_logarithm() -> None:
    assert log(math.inf) == math.inf and log(0.0) == log(-0.0) == -math.inf
    assert all(math.isnan(log(x)) for x in (math.nan, -LEAST, -1.0, -math.inf))
    for x in (LEAST, 3e-320, math.nextafter(LEAST_NORMAL, 0), LEAST_NORMAL, math.nextafter(LEAST_NORMAL, 1), MOST):
        assert off(log(x), Decimal(x).ln()) <= 1.0


#: Where the reduced argument is largest, and the middle of what the model asks for.
EXP_EDGES = [sign * (k + 0.5 + d) * math.log(2.0) for sign in (-1, 1) for k in (0, 1, 2, 28, 511, 1022) for d in (-1e-9, 0.0, 1e-9)]
LOG_EDGES = [
    root * 2.0**k
    for root in (math.sqrt(0.5), math.nextafter(math.sqrt(0.5), 0), math.nextafter(math.sqrt(0.5), 1))
    for k in (-1000, -1, 0, 1, 1000)
]


def test_within_one_unit_in_the_last_place() -> None:
    rng = np.random.default_rng(4)
    n = 300 if PLAIN else 3000
    for_exp = [*EXP_EDGES, *rng.uniform(-1, 1, n), *rng.uniform(-40, 40, n), *rng.uniform(-708, 709, n), *(10.0 ** rng.uniform(-18, 0, n))]
    assert max(off(exp(float(x)), Decimal(float(x)).exp()) for x in for_exp) <= 1.0
    for_log = [
        *LOG_EDGES,
        *rng.uniform(0.5, 2, n),
        *(1 + rng.uniform(-1e-3, 1e-3, n)),
        *(10.0 ** rng.uniform(-300, 300, n)),
        *rng.uniform(0, 50, n),
    ]
    assert max(off(log(float(x)), Decimal(float(x)).ln()) for x in for_log if x != 1.0) <= 1.0


@pytest.mark.parametrize("x", [-700.0, -744.0, -708.4, -720.25])
def test_results_of_less_than_full_precision_are_rounded_once(x: float) -> None:
    assert off(exp(x), Decimal(x).exp()) <= 1.0


@given(st.floats(-700, 700), st.floats(1e-12, 50))
def test_a_larger_number_has_no_smaller_exponential(x: float, more: float) -> None:
    assert exp(x + more) >= exp(x) > 0.0


@given(st.floats(LEAST, MOST))
def test_one_undoes_the_other(x: float) -> None:
    back = log(x)
    assert exp(back) == pytest.approx(x, rel=4e-16 * max(abs(back), 1.0), abs=LEAST)


@pytest.mark.parametrize("kind", [np.float32, np.int8, np.int64, np.uint8, int])
def test_numbers_of_other_types_are_taken_as_they_are(kind: type) -> None:
    for said in (kind(1), kind(0)):
        assert exp(said) == exp(float(said)) and log(said) == log(float(said))
        assert exp(said) in (1.0, math.e)
    for x in (20.0, -30.0, 3.7):
        assert exp(np.float32(x)) == exp(float(np.float32(x))) and log(np.float32(abs(x))) == log(float(np.float32(abs(x))))


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 4), (2, 3, 2)])
def test_arrays_keep_their_shape(shape: tuple[int, ...]) -> None:
    values = np.linspace(0.5, 3.0, max(int(np.prod(shape)), 1))[: int(np.prod(shape))].reshape(shape)
    for many, one in ((exps, exp), (logs, log)):
        found = many(values)
        assert found.shape == shape and found.dtype == np.float64
        assert found.ravel().tolist() == [one(float(x)) for x in values.ravel()]
    turned = np.arange(1.0, 7.0).reshape(2, 3).T  # not in the order of memory
    assert logs(turned).tolist() == [[log(float(x)) for x in row] for row in turned]
    assert exps([0, 1]).tolist() == [1.0, math.e]  # whole numbers


SCRIPT = """
import hashlib, numpy as np, warnings
warnings.simplefilter("error")
from agents.core.exact import exp, log, exps, logs
assert exp(np.float32(20.0)) == exp(20.0) and exp(np.float32(-30.0)) == exp(-30.0) and log(np.float32(3.5)) == log(3.5)
x = np.concatenate([np.linspace(-750, 715, 2001), [np.inf, -np.inf, np.nan, 0.0, -0.0, 5e-324, 1e-310, 1e-20]])
one = np.array([f(float(v)) for f in (exp, log) for v in x])
many = np.concatenate([exps(x), logs(x)])
bits = lambda a: hashlib.sha256(np.where(np.isnan(a), np.nan, a).tobytes()).hexdigest()
print(bits(one), bits(many))
"""


def test_plain_and_compiled_forms_give_the_same_bits() -> None:
    said = []
    for plain in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=ROOT, env={**os.environ, "LINTAS_PLAIN": plain}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said += done.stdout.split()
    assert len(said) == 4 and len(set(said)) == 1 and len(said[0]) == len(hashlib.sha256().hexdigest())


# --- nothing else is used ---------------------------------------------------------------------------------------------

#: Functions of which the library or numpy have versions by processor, and products of arrays, which add up in an order by processor.
OTHERS = frozenset(
    [
        "exp",
        "exp2",
        "exp10",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "pow",
        "power",
        "float_power",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "arcsin",
        "arccos",
        "arctan",
        "arctan2",
        "sinh",
        "cosh",
        "tanh",
        "arcsinh",
        "arccosh",
        "arctanh",
        "hypot",
        "cbrt",
        "erf",
        "erfc",
        "gamma",
        "lgamma",
        "logaddexp",
        "logaddexp2",
        "logspace",
        "geomspace",
        "dot",
        "vdot",
        "inner",
        "matmul",
        "tensordot",
        "einsum",
        "linalg",
        "polyfit",
        "corrcoef",
        "cov",
        "std",
        "var",
        "fft",
    ]
)
LIBRARIES = ("np", "numpy", "math", "cmath", "scipy")


def is_exact(base: ast.expr, exponent: ast.expr) -> bool:
    """Whether a power is the same everywhere: of whole numbers as written, or a whole power of a power of two, which is a double with one bit set."""
    if not (isinstance(base, ast.Constant) and isinstance(exponent, ast.Constant) and isinstance(exponent.value, int)):
        return False
    if isinstance(base.value, float):
        half, of_two = math.frexp(base.value)
        return half == 0.5 and abs((of_two - 1) * exponent.value) <= 1022
    return isinstance(base.value, int)


def others_in(text: str) -> Iterator[str]:
    """What in a source is computed in another way: calls of the libraries, powers but of exact ones as written, and products of matrices."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in OTHERS:
            head = node.value
            while isinstance(head, ast.Attribute):
                head = head.value
            if isinstance(head, ast.Name) and head.id in LIBRARIES:
                yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and node.module in ("math", "numpy", "cmath"):
            yield from (name.name for name in node.names if name.name in OTHERS)
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.MatMult):
            yield ast.unparse(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and not is_exact(node.left, node.right):
            yield ast.unparse(node)
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Pow):
            yield ast.unparse(node)


def sources() -> list[Path]:
    """The files of the model; what makes the region's tables is no part of a run."""
    return [
        path
        for package in ("agents", "abm")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "data" not in path.relative_to(ROOT).parts
    ]


def test_the_model_uses_no_other_functions() -> None:
    assert len(sources()) > 80
    found = {path.relative_to(ROOT).as_posix(): list(others_in(path.read_text(encoding="utf-8"))) for path in sources()}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "math.exp(x)",
        "np.log(x)",
        "np.linalg.norm(x)",
        "a @ b",
        "a @= b",
        "x**2",
        "2.0**x",
        "x**63",
        "10.0**3",
        "2.0**0.5",
        "2**0.5",
        "2.0**2000",
        "x **= 2",
        "from math import log1p",
        "numpy.power(x, 2)",
    ],
)
def test_what_is_looked_for_is_found(text: str) -> None:
    assert list(others_in(text))


@pytest.mark.parametrize(
    "text", ["10**6", "2.0**63", "0.25**2", "exp(x)", "math.sqrt(x)", "from agents.core.exact import exp", "np.add(x, y)", "f(**x)"]
)
def test_what_is_the_same_everywhere_is_let_pass(text: str) -> None:
    assert not list(others_in(text))


def test_passes_go_over_whole_multiples_of_eight() -> None:
    assert [_rounded_up(n) for n in (0, 1, 7, 8, 9, 64)] == [0, 8, 8, 8, 16, 64] and [just(n) for n in (0, 1, 9)] == [0, 1, 9]
    assert rounded_up is (just if PLAIN else _rounded_up), "a reader's plain loop looks at nobody who is not there"
