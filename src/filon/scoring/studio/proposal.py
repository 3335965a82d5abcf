"""Thresholds that the outcomes of past leads suggest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from filon.scoring.rules import rounded

LEAST_CLOSED: Final = 200
LEAST_CUSTOMERS: Final = 20
"""Fewer closed leads or customers than these say nothing yet."""

LEAST_GAIN: Final = 0.1
"""Above a cut worth proposing there is at least this much more of the customers than of the others."""

Outcome = tuple[float, bool]
"""(points of a closed lead, whether it became a customer)."""


def best_cut(outcomes: Sequence[Outcome]) -> float | None:
    """The points from which on customers are told best from the others (Youden's index); None when none tells them.

    The cut lies halfway between two neighbouring values.
    """
    customers = sum(is_customer for _, is_customer in outcomes)
    others = len(outcomes) - customers
    if not customers or not others:
        return None
    best, gain = None, LEAST_GAIN
    above_customers, above_others = customers, others
    ordered = sorted(outcomes)
    for position, (points, is_customer) in enumerate(ordered):
        if position and points != ordered[position - 1][0]:
            index = above_customers / customers - above_others / others
            if index > gain:
                best, gain = (points + ordered[position - 1][0]) / 2, index
        above_customers -= is_customer
        above_others -= not is_customer
    return None if best is None else rounded(best) / 10


def twice_as_good(outcomes: Sequence[Outcome], *, above: float, least: int = 30) -> float | None:
    """The lowest points from which on at least twice the average share became customers; None when there are none.

    above: the points to find are higher. least: how many leads must have them for the share to mean anything.
    """
    if not outcomes:
        return None
    average = sum(is_customer for _, is_customer in outcomes) / len(outcomes)
    ordered = sorted(outcomes, reverse=True)
    found, customers = None, 0
    for position, (points, is_customer) in enumerate(ordered, 1):
        if points <= above:
            break
        customers += is_customer
        is_last_of_its_points = position == len(ordered) or ordered[position][0] != points
        if position >= least and is_last_of_its_points and average and customers / position >= 2 * average:
            found = points
    return found
