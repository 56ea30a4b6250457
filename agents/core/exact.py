"""Exponential and logarithm with the same bits on every processor.

The functions of the system's library and of numpy choose among several versions by what the processor can do, and these differ in the last
digit. Here each operation is a sum, a product or a quotient of doubles, which IEEE 754 rounds in one way only, and none is joined with the next
(no fused multiply-add). The result is at most one unit in the last place away from the true value (tests compare with 60 digits).

Method: the argument is reduced as in W. J. Cody and W. Waite, *Software Manual for the Elementary Functions* (1980), with ln 2 in two parts; then
the series of the function follows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agents.core.compiled import PLAIN, compiled, inlined
from agents.core.declare import Column

#: ln 2 in two parts; a multiple of the first by a whole number below 2**11 is exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ONE_OVER_LN2 = 1.4426950408889634
#: A number added to this is rounded to a whole one, which then stands in its last bits.
_ROUNDER = 6755399441055744.0
_FRACTION_BITS = np.uint64(52)
_BIASES, _ONE, _ROUNDER_BITS = np.uint64(2046), np.uint64(1), np.uint64(0x4338000000000000)
_BIAS_BITS = np.uint64(1023 << 52)
#: What is added to the bits of a number so that its exponent goes up by one from the square root of one half on.
_TO_ROOT = np.uint64((1023 << 52) - 0x3FE6A09E667F3BCD)
#: Bits of 2**52, in whose last ones a whole number stands, and that number and the bias.
_WHOLE_BITS, _WHOLE_AND_BIAS = np.uint64(0x4330000000000000), 4503599627371519.0
_LEAST_NORMAL, _TWO_TO_54 = 2.2250738585072014e-308, 18014398509481984.0


def _bits_plain(x: float) -> Any:
    return np.float64(x).view(np.uint64)


def _from_bits_plain(bits: Any) -> float:
    return float(np.uint64(bits).view(np.float64))


@inlined
def _bits_compiled(x: float) -> Any:
    """The 64 bits of a double."""
    return np.float64(x).view(np.uint64)


@inlined
def _from_bits_compiled(bits: Any) -> float:
    """The double with these 64 bits."""
    return np.uint64(bits).view(np.float64)


_bits: Any = _bits_plain if PLAIN else _bits_compiled
_from_bits: Any = _from_bits_plain if PLAIN else _from_bits_compiled


@inlined
def exp(x: float) -> float:
    """The exponential of ``x``, within one unit in the last place; 0 below -745.14, infinite above 709.79, not a number for none.

    x [1]: any number
    returns [1]: 0 or more
    """
    x = float(x)  # plain Python may be given a number of single precision
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    shifted = x * _ONE_OVER_LN2 + _ROUNDER
    n = shifted - _ROUNDER
    high = x - n * LN2_HIGH
    low = n * LN2_LOW
    r = high - low
    lost = (high - r) - low
    r2 = r * r
    r4 = r2 * r2
    a = (0.5 + r * 1.6666666666666666e-1) + r2 * (4.1666666666666664e-2 + r * 8.3333333333333332e-3)
    b = (1.3888888888888889e-3 + r * 1.9841269841269841e-4) + r2 * (2.4801587301587302e-5 + r * 2.7557319223985893e-6)
    c = (2.7557319223985888e-7 + r * 2.5052108385441720e-8) + r2 * (2.0876756987868100e-9 + r * 1.6059043836821613e-10)
    rest = r2 * (a + r4 * (b + r4 * c)) + lost
    most = 1.0 + r
    y = most + ((r - (most - 1.0)) + rest)
    k = (_bits(shifted) + _BIASES) - _ROUNDER_BITS
    half = k >> _ONE
    return y * _from_bits(half << _FRACTION_BITS) * _from_bits((k - half) << _FRACTION_BITS)


@inlined
def log(x: float) -> float:
    """The natural logarithm of ``x``, within one unit in the last place; minus infinity of 0, not a number below.

    x [1]: 0 or more
    returns [1]
    """
    x = float(x)
    above = x if x > 0.0 else 1.0
    is_small = above < _LEAST_NORMAL
    bits = _bits(above * _TWO_TO_54 if is_small else above)
    k = (bits + _TO_ROOT) >> _FRACTION_BITS
    m = _from_bits((bits + _BIAS_BITS) - (k << _FRACTION_BITS))
    n = (_from_bits(k | _WHOLE_BITS) - _WHOLE_AND_BIAS) - (54.0 if is_small else 0.0)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    a = (6.6666666666666663e-1 + z * 4.0000000000000002e-1) + z2 * (2.8571428571428570e-1 + z * 2.2222222222222221e-1)
    b = (1.8181818181818182e-1 + z * 1.5384615384615385e-1) + z2 * (1.3333333333333333e-1 + z * 1.1764705882352941e-1)
    p = z * (a + z4 * (b + z4 * (1.0526315789473684e-1 + z * 9.5238095238095233e-2)))
    half = 0.5 * f * f
    y = n * LN2_HIGH - ((half - (s * (half + p) + n * LN2_LOW)) - f)
    y = y if x < math.inf else x
    y = y if x > 0.0 else math.nan
    return -math.inf if x == 0.0 else y


@inlined
def _rounded_up(n: int) -> int:
    """``n``, or the next multiple of 8: how many numbers a pass goes over so that a processor which takes 2, 4 or 8 at a time leaves none over.

    In a loop that runs as plain Python, or with functions of the user's own, it is ``n`` itself: nobody is then called for what is not wanted.

    n [1]: numbers that are wanted; the array must have room for the result, and those beyond ``n`` are not read afterwards
    returns [1]
    """
    return (n + 7) // 8 * 8


@inlined
def just(n: int) -> int:
    """``n``: what a plain loop takes in place of :func:`rounded_up`."""
    return n


rounded_up: Any = just if PLAIN else _rounded_up


@compiled
def _exp_each(values: Column, out: Column) -> None:
    for i in range(values.shape[0]):
        out[i] = exp(float(values[i]))


@compiled
def _log_each(values: Column, out: Column) -> None:
    for i in range(values.shape[0]):
        out[i] = log(float(values[i]))


def exps(values: Any) -> np.ndarray:
    """:func:`exp` of each of ``values``, an array of any shape or what can be made one, in its shape, as float64."""
    return _each(_exp_each, values)


def logs(values: Any) -> np.ndarray:
    """:func:`log` of each of ``values``, an array of any shape or what can be made one, in its shape, as float64."""
    return _each(_log_each, values)


def _each(loop: Any, values: Any) -> np.ndarray:
    given = np.ascontiguousarray(values, dtype=np.float64)
    out = np.empty_like(given)
    loop(given.ravel(), out.ravel())
    return out.reshape(np.shape(values))
