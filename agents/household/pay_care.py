"""What does a visit to care cost, and who pays its fee?"""

from __future__ import annotations

from agents.core.compiled import compiled, inlined

#: Month from which the poor of the Indonesian side may have a card that pays for care there: January 2005 (Askeskin; recalled, HEALTH40 names its successor).
CARDS_FROM = 300


@compiled
def is_insured(n_public: int, side: int, month: int, is_poor: bool, u: float, card_share: float) -> bool:
    """Whether the household pays no fees at home.

    n_public [adult]: in public service, whose health insurance covers the family
    side [code]: 0 Indonesian, 1 Malaysian
    month [1]: since January 1980
    is_poor [1]: whether the household's usual income is below the poverty line
    u [1]: draw of the household, kept for life
    card_share [share]: of the poor households that have a card, from 2005 on
    returns [1]: True for families of civil servants, and for the Indonesian poor with a card
    """
    return n_public > 0 or (side == 0 and month >= CARDS_FROM and is_poor and u < card_share)


@inlined
def cost_of_visit(fee: float, fare: float, hours: float, companions: float) -> float:
    """What a visit costs: the fee, and the fares of the sick and of who goes along, there and back.

    fee [own currency]: of the visit, 0 where insurance pays it
    fare [own currency]: of an hour's travel of one person; 0 for who walks
    hours [hour]: one way
    companions [person]: who go along
    returns [own currency]: 0 or more
    """
    return fee + 2.0 * fare * hours * (1.0 + companions)


@inlined
def left_for_care(income: float, line: float, people: float, food: float, least: float) -> float:
    """What a household can pay from: its income less the food of its people (the capacity to pay of Xu et al. 2003, Lancet 362, recalled).

    income [own currency]: in a usual month
    line [own currency/month]: poverty line of a person
    people [person]: in the household
    food [share]: part of the poverty line that is for food
    least [share]: of the income, which is left whatever food costs, as the poorest eat less
    returns [own currency/month]: above 0 where the income is
    """
    return max(income - food * line * people, least * income)
