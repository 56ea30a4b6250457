"""What all tests share: answers about trust are kept in a folder of the tests, not in the user's own."""

from __future__ import annotations

import pytest

# an assert of a helper says what it compared, as one of a test does
pytest.register_assert_rewrite(*(f"tests.{folder}" for folder in ("calibration", "declarations", "experiments", "model", "world")))


@pytest.fixture(autouse=True)
def own_answers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes what the user of this machine has agreed to."""
    from experiments.studies import trust

    file = tmp_path_factory.mktemp("answers") / "trusted.json"
    monkeypatch.setattr(trust, "answers", lambda: file)
    monkeypatch.setattr(trust, "_HERE", set())
