"""How is machine code kept on the disk, so that many processes can start at once on one folder, also on a disk that machines share?

numba keeps one index for each function and numbers its files. Of two processes that write at once, one can leave an index that gives its number to
the file of the other, which holds code for arguments of other types. Here every piece of code has a file of its own, named after all that
it depends on, so there is no index. A file appears whole or not at all, and begins with a hash of what follows, so that one which was cut off later (a machine
that lost power, a full disk) is not loaded but made again.
"""

# numba says nothing of the types of its cache
# pyright: standard

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from llvmlite.binding import parse_assembly, parse_bitcode
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, UserProvidedCacheLocator
from numba.core.compiler import CompileResult

#: Why code was not kept: one error for each piece.
NOT_KEPT: list[OSError] = []
_HASH = hashlib.sha256
_HASH_BYTES = 32


class CodeFiles(IndexDataCacheFile):
    """The files of one function: one for each types of arguments and kind of processor."""

    def __init__(self, cache_path: str, filename_base: str, source_stamp: Any) -> None:
        """``cache_path`` is the folder, ``filename_base`` begins each name, ``source_stamp`` tells versions of the function's source apart."""
        super().__init__(cache_path=cache_path, filename_base=filename_base, source_stamp=source_stamp)
        self._base = filename_base

    def path(self, key: Any) -> Path:
        """Where the code for ``key`` (types of arguments, processor, hash of the function) belongs."""
        name = _HASH(repr((self._version, self._source_stamp, key)).encode()).hexdigest()[:24]
        return Path(self._cache_path) / f"{self._base}.{name}.nbc"

    def load(self, key: Any) -> Any:
        """The code for ``key``; None where there is no file, or one that is not whole."""
        try:
            said = self.path(key).read_bytes()
        except OSError:
            return None
        if _HASH(said[_HASH_BYTES:]).digest() != said[:_HASH_BYTES]:
            return None
        stored, data = pickle.loads(said[_HASH_BYTES:])
        return data if stored == key else None

    def save(self, key: Any, data: Any) -> None:
        """Keep the code for ``key``, whole or not at all; where nothing can be written the code stays in memory only."""
        body = self._dump((key, data))
        try:
            os.makedirs(self._cache_path, exist_ok=True)
            with self._open_for_write(str(self.path(key))) as file:  # another name first, then renamed
                file.write(_HASH(body).digest() + body)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            NOT_KEPT.append(error)

    def flush(self) -> None:
        """Remove the files of this function."""
        for path in Path(self._cache_path).glob(f"{self._base}.*.nbc"):
            path.unlink(missing_ok=True)


class _Folder(UserProvidedCacheLocator):
    """The folder in ``numba.config.CACHE_DIR``; it need not be one that can be written, and is made when the first code is kept."""

    def ensure_cache_path(self) -> None:
        return


class _CodeOfFunctions(CompileResultCacheImpl):
    """What is written of a compiled function, and how it is made from that again.

    numba keeps the machine code and, for functions that will call this one, its form before that, which it reads at every start: that takes most of
    the time of a start. Here it is read when somebody asks for it.
    """

    _locator_classes = [_Folder]  # noqa: RUF012

    def reduce(self, cres: Any) -> Any:
        (name, kind, (machine_code, form)), *rest = cres._reduce()
        module = cres.library._get_module_for_linking()
        symbols = [v.name for v in (*module.functions, *module.global_variables) if not v.is_declaration]
        return (name, kind, machine_code), form, symbols, rest

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        (name, kind, machine_code), form, symbols, rest = payload
        codegen = target_context.codegen()
        codegen._engine._defined_symbols.update(symbols)
        cres = CompileResult._rebuild(target_context, (name, kind, (machine_code, _nothing())), *rest)
        library = cres.library
        library._shared_module = None

        def read() -> Any:
            if library._shared_module is None:
                library._shared_module = parse_bitcode(form)
            return library._shared_module

        library._get_module_for_linking = read
        return cres


@cache
def _nothing() -> bytes:
    """A module without any function."""
    return parse_assembly("").as_bitcode()


class CodeCache(FunctionCache):
    """What numba asks for the code of one function."""

    _impl_class = _CodeOfFunctions

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = CodeFiles(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        _leave_out_linear_algebra()
        return super().load_overload(sig, target_context)


def _leave_out_linear_algebra() -> None:
    """Keep numba from loading scipy's linear algebra (0.2 s) as soon as anything is compiled: no rule needs it.

    numba's own functions that need it ask for it again when they are compiled, so a user's function may hold a product of matrices.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    from numba.np import linalg

    ask = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        from numba.np import arraymath

        arraymath.ensure_blas = ask  # pyright: ignore[reportPrivateImportUsage]
    finally:
        linalg.ensure_blas = ask
