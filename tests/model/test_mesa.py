"""The model is a Mesa model: what Mesa users do with one works, and gives what the frames hold."""

from __future__ import annotations

import os
import subprocess
import sys

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from abm import BorderModel, Scenario, Simulation
from abm.errors import UserError
from agents.core.view import Household, Official, Trader
from experiments.runs.tables import digest
from tests.model.same import ROOT, make, months, parts


@pytest.fixture(scope="module")
def model() -> BorderModel:
    return months(make(n_months=24, households=300), 14)


def test_it_is_a_mesa_model(model):
    assert isinstance(model, mesa.Model)
    assert model.steps == 14 and model.time == 14.0 and model.running
    assert model.scenario.name == "history"


def test_agents_by_type(model):
    assert list(model.agents_by_type) == [Household, Trader, Official] == model.agent_types
    for kind, frame in zip(model.agent_types, model.frames.values(), strict=True):
        agents = model.agents_by_type[kind]
        assert isinstance(agents, AgentSet) and len(agents) == len(frame)
        assert [a.unique_id for a in agents] == frame["uid"].tolist()
        assert all(isinstance(a, kind) and isinstance(a, mesa.Agent) for a in agents)
    assert len(model.agents) == sum(len(f) for f in model.frames.values())
    with pytest.raises(KeyError, match="Household"):
        model.agents_by_type[mesa.Agent]


def test_select_get_agg_set(model):
    h = model.frames["household"]
    here = h["place"] == model.world.place_names.index("Entikong")
    chosen = model.agents_by_type[Household].select(lambda a: a.place == "Entikong")
    assert len(chosen) == here.sum() > 0
    assert chosen.get("savings") == h["savings"][here].tolist()
    assert chosen.agg("income", np.sum) == pytest.approx(h["income"][here].sum())
    assert chosen.agg("income", max) == h["income"][here].max()
    by_side = model.agents_by_type[Household].groupby("side")
    assert {k: len(v) for k, v in by_side} == {"id": (h["side"] == 0).sum(), "my": (h["side"] == 1).sum()}
    poorest = model.agents_by_type[Household].sort("income_mean", ascending=True).to_list()[0]
    assert poorest.income_mean == h["income_mean"].min()
    assert {a.place for a in model.agents_by_type[Household].shuffle()} == set(model.world.place_names)


def test_views_write_the_frame():
    model = months(make(households=120), 2)
    view = model.agents_by_type[Household].select(lambda a: a.side == "my").to_list()[0]
    view.savings = 123.0
    assert model.frames["household"]["savings"][view.row] == 123.0
    assert model.household(view.unique_id) is view or model.household(view.unique_id).savings == 123.0
    model.agents_by_type[Household].set("savings", 5.0)
    assert (model.frames["household"]["savings"] == 5.0).all()
    with pytest.raises(AttributeError):
        view.saving = 1.0
    with pytest.raises(AttributeError):
        view.place = "Entikong"
    with pytest.raises(AttributeError):
        _ = view.saving


def test_views_follow_their_agent_when_rows_move():
    model = months(make(households=120), 2)
    last = model.agents_by_type[Household].to_list()[-1]
    uid, row, savings = last.unique_id, last.row, last.savings
    model.add_household(model.world.place_names[0])
    assert last.row == row + 1 and last.unique_id == uid and last.savings == savings


def test_an_added_household_counts_nothing_unless_it_is_given_a_weight():
    model = BorderModel(Scenario(end="1980-03"), households=60)
    place = model.world.place_names[0]
    assert model.add_household(place).weight == 0.0 and model.add_household(place, weight=2.5).weight == 2.5


def test_adding_where_nobody_lives_is_refused():
    with pytest.raises(UserError, match="Entikong"):
        make(households=120).add_household("Entikon")


def test_data_collector():
    model = make(n_months=12, households=300)
    collector = mesa.DataCollector(
        model_reporters={
            "income": lambda m: m.frames["household"]["income"].sum(),
            "month": "month",
            "sick": lambda m: int(sum(m.agents_by_type[Household].agg("untreated", sum))),
        },
        agenttype_reporters={Household: {"savings": "savings", "place": "place"}, Trader: {"profit": "profit"}},
    )
    seen = []
    for _ in range(5):
        model.step()
        collector.collect(model)
        seen.append(model.frames["household"].copy_state())
    table = collector.get_model_vars_dataframe()
    assert table["month"].tolist() == [1, 2, 3, 4, 5]
    assert table["income"].tolist() == [s["income"].sum() for s in seen]
    assert table["sick"].tolist() == [int(s["untreated"].sum()) for s in seen]
    households = collector.get_agenttype_vars_dataframe(Household)
    assert len(households) == 5 * 300
    for t, s in enumerate(seen, start=1):
        of = households.xs(t, level="Step")
        assert of["savings"].loc[s["uid"]].tolist() == s["savings"].tolist()
        assert set(of["place"]) <= set(model.world.place_names)
    assert len(collector.get_agenttype_vars_dataframe(Trader)) == 5 * len(model.frames["trader"])


def test_data_collector_over_all_agents():
    model = months(make(n_months=12, households=120), 1)
    collector = mesa.DataCollector(agent_reporters={"place": "place"})
    collector.collect(model)
    assert len(collector.get_agent_vars_dataframe()) == len(model.agents)


def test_the_run_without_mesa_is_the_same():
    model = make(n_months=24, households=120).run()
    theirs = Simulation(model.own_scenario, households=120, rng=model.seed_of_run).run()
    assert not isinstance(theirs, mesa.Model) and theirs.running is model.running is False
    for name in ("yearly", "monthly", "places", "flows"):
        assert digest(getattr(theirs.results, name)) == digest(getattr(model.results, name)), name
    assert parts(theirs) == parts(model)


def test_a_run_saved_without_mesa_goes_on_with_it(tmp_path):
    half = Simulation(Scenario.load(end="1981-12"), households=120, rng=7)
    for _ in range(9):
        half.step()
    half.save(tmp_path / "half.npz")
    model = BorderModel.load(tmp_path / "half.npz")
    assert isinstance(model, mesa.Model) and model.steps == 9 and model.month == 9
    again = Simulation.load(tmp_path / "half.npz")
    assert parts(model.run()) == parts(again.run()) == parts(half.run())


def test_run_for_and_run_until():
    usual = parts(make(n_months=24, households=120).run())
    model = make(n_months=24, households=120)
    model.run_for(5)
    assert model.month == 5
    model.run_until(24)
    assert model.month == 24 and parts(model) == usual
    model.step()
    assert model.month == 24 and not model.running, "after the end nothing more happens"
    assert parts(model) == usual


def test_run_model_ends_by_itself():
    model = make(n_months=7, households=120)
    model.run_model()
    assert model.month == 7 and not model.running


def test_reproducible_through_mesa_seed_argument():
    runs = [BorderModel(Scenario.load(end="1980-12"), households=120, rng=r).run() for r in (3, 3, 4)]
    assert parts(runs[0]) == parts(runs[1]) != parts(runs[2])


SOLARA = """
import ipyvuetify
import solara
from mesa.visualization import SolaraViz
from abm import BorderModel, Scenario

months = []
def made(model):
    months.append((model, model.month))
    return solara.Text(f"{model.month} months")

model = BorderModel(Scenario.load(end="1981-12"), households=120, rng=7)
page = solara.AppLayout(children=[
    SolaraViz(model, components=[made], model_params={"households": 150, "rng": 7}, name="lintas")
])
box, rc = solara.render(page, handle_error=False)
press = lambda label: next(w for w in rc.find(ipyvuetify.Btn).widgets if label in str(w.children)).click()
press("Step")
assert model.month == 1, model.month
press("Step")
assert model.month == 2 and model.steps == 2, (model.month, model.steps)
assert months[-1] == (model, 2), months
press("Reset")
again = months[-1][0]
assert again is not model and again.month == 0 and len(again.frames["household"]) == 150
assert again.scenario == model.scenario
press("Step")
assert again.month == 1 and model.month == 2
rc.close()
print("SHOWN")
"""


def test_solara_viz_shows_and_steps_the_model():
    """Mesa's page takes the model as it is. In its own process, because a page registers itself with the interpreter."""
    done = subprocess.run([sys.executable, "-c", SOLARA], cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "SHOWN" in done.stdout


def test_no_warning_of_what_will_be_gone():
    code = (
        "from tests.model.same import make, months, parts\n"
        "import mesa\n"
        "from agents.core.view import Household\n"
        "m = months(make(n_months=24, households=120), 13)\n"
        "m.agents_by_type[Household].select(lambda a: a.place == 'Entikong').agg('savings', sum)\n"
        "c = mesa.DataCollector(model_reporters={'m': 'month'}, agent_reporters={'p': 'place'}); c.collect(m)\n"
        "m.run_for(2); parts(m); m.kin.graph(m.frames['household'], m.world.place_names)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-W", "error::DeprecationWarning", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_ties_as_a_graph(model):
    """The model's graph has its households and this month's strengths (what else it holds: tests/world/test_kinship.py)."""
    graph, home, kin = model.kinship_graph(), model.frames["household"], model.kin
    assert list(graph) == home["uid"].tolist()
    strengths = kin.strengths()
    assert len(set(strengths.tolist())) > 10
    for (a, b), strength in zip(kin.ties, strengths, strict=True):
        assert graph[int(a)][int(b)]["strength"] == strength
