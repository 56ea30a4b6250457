"""Where does the households' money come from and go to? Accounts by month and currency that add up to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.results.facts import Facts
from abm.results.record import D, Record, S

if TYPE_CHECKING:
    import pandas as pd

CURRENCIES = ("IDR", "MYR")


def ledger(record: Record, facts: Facts) -> pd.DataFrame:
    """Money by month, currency and account: what households' savings gained equals what all other accounts gave.

    Accounts other than ``savings`` and ``pending`` (profit not yet brought home) are the rest of the world; an amount
    is what the account gave (positive) or got. What ``kin_who_gave`` gave ``kin_who_got`` got. The amounts of a month and currency add up to nothing. Where any household came or left with
    savings, two accounts say what ``newcomers`` brought and ``leavers`` took along.
    """
    import pandas as pd

    n = facts.n_months
    parts = []
    for side, currency in enumerate(CURRENCIES):
        mine = facts.side == side
        sums, deals = record.sums[:n][:, mine], record.deals[:n][:, mine]
        at = {name: sums[..., k].sum(axis=1) for name, k in S.items()}
        deal = {name: deals[..., k].sum(axis=(1, 2, 3, 4)) for name, k in D.items()}
        savings = at["savings"]
        before = np.concatenate([[facts.savings_at_start[side]], savings[:-1]])
        profit = deal["profit"]
        pending = np.diff(np.concatenate([[0.0], profit]))
        accounts = {
            "crop_buyers": at["income_farm"] - at["own_use"], "employers_home": at["income_wage"], "employers_across": at["income_across"],
            "kin_who_gave": at["help_got"], "kin_who_got": -at["help_given"], "shops": -at["spending"], "clinics_and_carriers": -at["care_cost"], "goods_bought": -deal["outlay"],
            "goods_sold": deal["revenue"], "carriers": -deal["carriage"], "customs": -deal["duty"], "officers": -deal["bribe"],
            "treasury_fines": -deal["fine"], "savings": -(savings - before), "pending": -pending,
        }  # fmt: skip
        if facts.carried.any():
            accounts |= {"newcomers": facts.carried[:, side, 0], "leavers": -facts.carried[:, side, 1]}
        for account, amount in accounts.items():
            parts.append(pd.DataFrame({"month": np.arange(n), "currency": currency, "account": account, "amount": amount}))
    return pd.concat(parts, ignore_index=True)
