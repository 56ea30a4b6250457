"""How does compiled code move a stretch of a column at once? By the system's own copy of bytes, which allows that both stretches overlap.

A loop that moves value after value within one array is never taken several values at a time: it might read what it has just written.
"""

# numba says nothing of its types
# pyright: standard

from __future__ import annotations

from typing import Any

from agents.core.compiled import PLAIN, compiled


def _copy_plain(column: Any, start: int, stop: int, to: int) -> None:
    column[to : to + stop - start] = column[start:stop]


def _made() -> tuple[Any, Any]:
    from numba.core import cgutils, types
    from numba.core.errors import TypingError
    from numba.core.extending import intrinsic

    @intrinsic
    def copy(typingctx: Any, column: Any, start: Any, stop: Any, to: Any) -> Any:
        """Move the values from ``start`` up to but not including ``stop`` of a column (rows,) to ``to`` and after."""
        if not isinstance(column, types.Array) or column.ndim != 1 or column.layout != "C":
            raise TypingError("only values of a column of one dimension can be moved")

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, values[0]).data
            size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
            target, source = (builder.bitcast(builder.gep(data, [at]), cgutils.voidptr_t) for at in (values[3], values[1]))
            cgutils.raw_memmove(builder, target, source, builder.sub(values[2], values[1]), size)
            return context.get_dummy_value()

        return types.none(column, types.intp, types.intp, types.intp), code

    @intrinsic
    def shift_at(typingctx: Any, address: Any, start: Any, stop: Any, to: Any) -> Any:
        """The same for bytes of the memory that begins at ``address``."""

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            target, source = (builder.inttoptr(builder.add(values[0], at), cgutils.voidptr_t) for at in (values[3], values[1]))
            cgutils.raw_memmove(builder, target, source, builder.sub(values[2], values[1]), 1)
            return context.get_dummy_value()

        return types.none(types.intp, types.intp, types.intp, types.intp), code

    return copy, shift_at


#: ``_copy(column, start, stop, to)`` in compiled loops and as plain Python; ``shift_at(address, start, stop, to)`` in compiled ones alone. Neither looks at bounds.
_both: tuple[Any, Any] = (_copy_plain, None) if PLAIN else _made()
_copy, shift_at = _both


@compiled
def shift(column: Any, start: int, stop: int, to: int) -> None:
    """Move the values from ``start`` up to but not including ``stop`` of a column (rows,) to ``to`` and after.

    IndexError, and nothing is moved, where one of both stretches does not lie within the column.
    """
    if start < 0 or stop < start or to < 0 or stop > column.shape[0] or to > column.shape[0] - (stop - start):
        raise IndexError("a stretch does not lie within its column")
    _copy(column, start, stop, to)
