"""How does compiled code call other compiled code without holding a copy of it?

What numba compiles takes in the code of all that it calls, and makes it once more. A function that calls many large loops one after the other is
given their addresses instead, which takes a third off the time in which the model is compiled. The loops must be compiled for exactly the types
with which they are called; this is checked while the caller is compiled, and holds for whoever calls it with arguments of the same types.
"""

# numba says nothing of its types
# pyright: standard

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from agents.core.compiled import PLAIN, types_of


def address_of(function: Any, arguments: Iterable[Any]) -> int:
    """Where the machine code of a compiled function for arguments of these types begins in this process; 0 where rules run as plain Python.

    The types are those of :func:`agents.core.compiled.entry`.
    """
    if PLAIN:
        return 0
    types = types_of(function, arguments)
    function.compile(types)
    made = function.overloads[types]
    return made.library.get_pointer_to_function(made.fndesc.llvm_func_name)


def _call_plain(address: int, function: Callable[..., None], *arguments: Any) -> None:
    function(*arguments)


def _made() -> Any:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.core.errors import TypingError
    from numba.core.extending import intrinsic

    @intrinsic
    def call_at(typingctx: Any, address: Any, function: Any, *arguments: Any) -> Any:
        """Call ``function``, which returns nothing, with ``arguments``: its machine code is at ``address``."""
        given = tuple(arguments)
        if given not in function.dispatcher.overloads:
            raise TypingError(f"{function.dispatcher.py_func.__name__} is not compiled for {given}")

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            place, packed = values[0], values[2]
            kind = context.call_conv.get_function_type(types.none, given)
            status, _ = context.call_conv.call_function(
                builder, builder.inttoptr(place, ir.PointerType(kind)), types.none, given, cgutils.unpack_tuple(builder, packed)
            )
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return context.get_dummy_value()

        packed: Any = types.StarArgTuple.from_types(given)
        return types.none(address, function, packed), code

    return call_at


call_at: Any = _call_plain if PLAIN else _made()
