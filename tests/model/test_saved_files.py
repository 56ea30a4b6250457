"""A saved run that is damaged, of other data or holds a program is refused in one sentence."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from abm import BorderModel
from abm.errors import UserError
from abm.saving import arrays_of, check_arrays
from tests.model.same import make, months
from tests.model.tools import one_sentence


def test_what_cannot_be_continued_is_refused(tmp_path):
    model = months(make(households=120), 3)
    path = tmp_path / "half"
    model.save(path)
    whole = path.read_bytes()
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "nowhere")
    assert "nowhere" in one_sentence(refusal)
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UserError) as refusal:
            BorderModel.load(path)
        assert "cut off" in one_sentence(refusal)
    path.write_text("this is a text")
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    one_sentence(refusal)
    said, arrays = unpacked(path, whole)
    packed(path, {**said, "lintas": "0.0.1"}, arrays)
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    assert "0.0.1" in one_sentence(refusal)
    packed(path, {**said, "region_hash": "0" * 64}, arrays)
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    assert "data" in one_sentence(refusal)


def unpacked(path, content):
    """What a saved run says, and its arrays."""
    path.write_bytes(content)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("said").tobytes()), arrays


def packed(path, said, arrays):
    with open(path, "wb") as out:
        np.savez(out, said=np.frombuffer(json.dumps(said).encode(), dtype=np.uint8), **arrays)


def test_a_saved_run_that_was_tampered_with_is_refused(tmp_path):
    path = tmp_path / "half"
    months(make(households=120), 3).save(path)
    said, arrays = unpacked(path, path.read_bytes())
    broken = [(5, arrays), ({}, arrays), ([said], arrays), ({**said, "lintas": 5}, arrays), (said, {})]
    needed = [key for key in said if key != "rules"]
    broken += [({k: v for k, v in said.items() if k != key}, arrays) for key in needed]
    broken += [({**said, key: None}, arrays) for key in said]
    broken += [
        ({**said, "seed": "7"}, arrays),
        ({**said, "households": -5}, arrays),
        ({**said, "month": "3"}, arrays),
        ({**said, "month": 900}, arrays),
    ]
    broken += [({**said, "values": {}}, arrays), ({**said, "on": {**said["on"], "kinshp": True}}, arrays)]
    broken += [
        (said, {n: v for n, v in arrays.items() if n != name}) for name in ("frames/household/uid", "kin/ties", "open", "record/sums")
    ]
    broken += [(said, {**arrays, "frames/household/more": np.zeros(3)}), (said, {**arrays, "frames/household/uid": np.zeros(3)})]
    for name in ("frames/household/place", "frames/trader/household", "frames/trader/good", "world/place/facility_care", "world/place/crossing_work",
                 "kin/ties", "record/care_crossing", "frames/household/uid"):  # fmt: skip
        for wrong in (30_000 if arrays[name].itemsize > 1 else 100, -7):
            changed = arrays[name].copy()
            changed.flat[0] = wrong
            if name != "frames/household/uid":
                broken.append((said, {**arrays, name: changed}))
        if not name.startswith("record/"):  # whose months to come are not needed
            broken.append((said, {**arrays, name: arrays[name][:-1]}))
        broken.append((said, {**arrays, name: arrays[name].astype("float64")}))
    for number, one in enumerate(broken):
        packed(path, *one)
        try:
            BorderModel.load(path)
        except UserError as refusal:
            assert "\n" not in str(refusal) and len(str(refusal)) < 400
        else:
            raise AssertionError(f"damage {number} was taken: {str(one[0])[:200]}")


def test_saved_ties_are_checked(tmp_path):
    """A tie of a household to itself, more strengths than ties, and chances to meet of other places than the region's."""
    path = tmp_path / "half"
    months(make(households=120), 3).save(path)
    said, arrays = unpacked(path, path.read_bytes())
    assert {n for n in arrays if n.startswith("kin/")} == {
        "kin/ties", "kin/strengths", "kin/kinds", "kin/columns/contact", "kin/columns/is_on", "kin/columns/income_gap", "kin/columns/n_new",
    }  # fmt: skip
    to_itself = arrays["kin/ties"].copy()
    to_itself[4, 1] = to_itself[4, 0]
    for change, words in (
        ({"kin/ties": to_itself}, "kin/ties does not fit"),
        ({"kin/strengths": np.append(arrays["kin/strengths"], np.float32(0.5))}, "columns of another length"),
        ({"kin/kinds": arrays["kin/kinds"][1:]}, "columns of another length"),
        ({"kin/kinds": arrays["kin/kinds"] + np.int8(1)}, "kin/kinds holds numbers outside 0 to 1"),
        ({"kin/columns/contact": arrays["kin/columns/contact"][:-1]}, "kin/columns/contact has the shape"),
    ):
        packed(path, said, arrays | change)
        with pytest.raises(UserError) as refusal:
            BorderModel.load(path)
        assert words in one_sentence(refusal)


def test_a_saved_run_holds_no_program(tmp_path):
    """A file that runs code when it is unpickled is refused, and runs none."""
    path, mark = tmp_path / "half", tmp_path / "mark"

    class Program:
        def __reduce__(self):
            return (mark.touch, ())

    path.write_bytes(pickle.dumps(Program()))
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    assert "can hold a program" in one_sentence(refusal)
    with open(path, "wb") as out:
        np.savez(out, said=np.array([Program()], dtype=object))
    mark.unlink(missing_ok=True)
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    one_sentence(refusal)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Program()))
    assert mark.exists(), "the trap works"


RANGES = {
    "frames/household/place": (0, 25), "frames/household/village": (0, 184), "frames/household/side": (0, 1), "frames/trader/side": (0, 1), "frames/official/side": (0, 1),
    "frames/trader/place": (0, 25), "frames/official/place": (0, 25), "frames/household/group": (0, None), "frames/household/trader": (-1, None),
    "frames/trader/household": (-1, 119), "frames/trader/good": (-1, 3), "frames/trader/direction": (-1, 1), "frames/trader/channel": (-1, 3),
    "frames/official/crossing": (-1, 13), "frames/official/district": (-1, 7), "frames/household/activity": (-1, 127),
    "world/place/district": (-1, 7), "world/place/facility_care": (-1, 131), "world/village/facility_care": (-1, 131), "world/village/crossing_care": (-1, 13), "world/place/crossing_care": (-1, 13), "world/place/crossing_work": (-1, 13),
    "world/place/place_work": (-1, 25),
    "world/trade_link/partner": (-1, 25), "world/trade_link/crossing": (-1, 13), "world/place/side": (0, 1), "record/care_crossing": (-1, 13),
    "record/partner": (-1, 25),
}  # fmt: skip


def test_numbers_of_rows_and_options_have_bounds():
    """Of the shipped region: 26 places, 14 crossings, 8 districts, 132 facilities, 185 villages; 120 households."""
    run = months(make(households=120), 3)
    arrays = arrays_of(run)
    where = "the file"
    check_arrays(run, arrays, 3, where)
    for name, (low, high) in RANGES.items():
        if high is None:
            high = len(run.region.groups) - 1 if name.endswith("group") else len(run.frames["trader"]) - 1
        for bound, step in ((low, -1), (high, 1)):
            values = arrays[name].copy()
            values.flat[0] = bound
            check_arrays(run, arrays | {name: values}, 3, where)
            if np.iinfo(values.dtype).min <= bound + step <= np.iinfo(values.dtype).max:
                values.flat[0] = bound + step
                with pytest.raises(UserError, match=f"{name} holds numbers outside {low} to {high}"):
                    check_arrays(run, arrays | {name: values}, 3, where)


def test_shapes_that_do_not_fit():
    run = months(make(households=120, n_months=30), 15)
    arrays = arrays_of(run)
    for name, cut in (("record/sums", 15), ("record/poor", 2), ("record/gini", 2), ("crisis", 15)):  # the months to come are not needed
        check_arrays(run, arrays | {name: arrays[name][:cut]}, 15, "the file")
        with pytest.raises(UserError, match=f"{name} has the shape"):
            check_arrays(run, arrays | {name: arrays[name][: cut - 1]}, 15, "the file")
    for name in ("record/sums", "record/deals", "kin/ties", "frames/household/activity", "world/place/price", "hours_between"):
        with pytest.raises(UserError, match=f"{name} has the shape"):
            check_arrays(run, arrays | {name: arrays[name][:, :-1].copy()}, 15, "the file")
    for name in ("frames/trader/profit", "open", "world/place/fare"):
        with pytest.raises(UserError, match=f"{name} has the shape"):
            check_arrays(run, arrays | {name: arrays[name][:-1].copy()}, 15, "the file")
