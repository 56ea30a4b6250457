"""One answer on every processor: a run has the same bytes whatever versions numpy, the system's library and the compiler choose by processor."""

from __future__ import annotations

import numpy._core._multiarray_umath as umath  # what numpy itself says of this processor
import pytest

from tests.model.same import in_other_process, make, parts

#: Sets of instructions that numpy would use here, from the oldest on; without all but the first ones it computes as on an older processor.
SETS = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]
#: What the system's library (glibc) is told not to use.
OLD_LIBRARY = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX2,-AVX,-FMA,-FMA4,-BMI2"
SETTINGS = {"scenario": "history", "households": 60, "n_months": 432}
PROCESSORS = {
    "numpy without its newest instructions": {"NPY_DISABLE_CPU_FEATURES": " ".join(SETS[1:])},
    "numpy without any": {"NPY_DISABLE_CPU_FEATURES": " ".join(SETS)},
    "an old library": {"GLIBC_TUNABLES": OLD_LIBRARY},
    "another compiler's target": {"NUMBA_CPU_NAME": "generic"},
    "all of it": {
        "NPY_DISABLE_CPU_FEATURES": " ".join(SETS), "GLIBC_TUNABLES": OLD_LIBRARY, "NUMBA_CPU_NAME": "generic", "OPENBLAS_CORETYPE": "Prescott",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    return parts(make(**SETTINGS).run())


@pytest.mark.parametrize("processor", list(PROCESSORS))
def test_the_same_run_on(processor: str, here: dict[str, str]) -> None:
    assert in_other_process({k: v for k, v in PROCESSORS[processor].items() if v}, **SETTINGS) == here
