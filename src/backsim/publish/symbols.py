r"""Symbols of the formulas of rules: what a rule asks for, and what it answers.

What has no symbol here is spelled out, with what its family says of it.
"""

from __future__ import annotations

from collections.abc import Mapping

ANSWERS: Mapping[str, tuple[str, str]] = {
    "reorder": ("q_i(t)", "units that stock point i orders at time t; none if not above 0"),
    "priority": (r"\pi_\ell(t)", "key of line l in the queue at time t; the least is served first"),
    "rationing": (r"h_\ell(t)", "units on hand that may not go to line l at time t"),
    "forecast": (r"\hat{d}_i", "units forecast for the coming period at stock point i"),
    "notice": (r"\tau_\ell", "when the customer of line l is told; infinity is never"),
    "estimate": (r"e_\ell(t)", "the date that the customer of line l is told at time t"),
    "sourcing": (r"\kappa_j(t)", "key of source j of a purchase at time t; the least is first"),
    "split": (r"q_{ij}(t)", "units of a purchase of i at time t that source j is to send"),
}
"""Family of rules -> the symbol of its answer, and what that is."""

SYMBOLS: Mapping[str, tuple[str, str]] = {
    "position": ("X_i(t)", "inventory position of stock point i, units"),
    "echelon_position": ("X^e_i(t)", "inventory position of i and all that it supplies, units"),
    "now": ("t", "time, days"),
    "joint": ("j_i(t)", "whether another product's order goes out to the same supplier"),
    "lead_time": (r"\bar{L}_i", "mean lead time, days"),
    "review_period": ("T_i", "days between reviews"),
    "forecast_mean": (r"\hat{\mu}_i", "forecast of demand, units per day"),
    "forecast_variance": (r"\hat{\sigma}^2_i", "variance of the forecast's error per day"),
    "line.time": (r"a_\ell", "when line l was ordered"),
    "line.due": (r"d_\ell", "when line l is due"),
    "line.open": (r"u_\ell(t)", "units of line l not shipped yet"),
    "customer.priority": (r"p_{k(\ell)}", "priority of the class of line l; 1 is the highest"),
    "stock.price": ("v_i", "price of the product of stock point i"),
    "waited": (r"w_\ell(t)", "days since line l was ordered"),
    "slack": (r"s_\ell(t)", "days to the promised date of line l or, without one, its due date"),
    "leaves": (r"g_\ell", "when the customer of line l gives up waiting"),
    "until_arrival": (r"\Delta_i(t)", "days until the next purchase is expected at i"),
    "next_arrival": (r"A_i(t)", "when the next purchase is expected at i"),
    "price": (r"c_j(t)", "price per unit of a purchase from source j at time t"),
    "outstanding": (r"O_j(t)", "units on order from source j"),
    "behind": (r"B_j(t)", "units that source j lacks to its share of all units bought"),
    "share": (r"\sigma_j", "share of source j in the units"),
    "place": ("j", "place of the source in the list, from 0"),
    "ready": (r"r_j(t)", "whether source j has all units of the purchase, 1 or 0"),
    "units": ("q_i(t)", "units of the purchase"),
    "left": ("q'_i(t)", "units of the purchase that no source has been given yet"),
    "others": ("n_j", "sources that are still to be asked after source j"),
    "on_hand": ("I_i(t)", "units on hand at stock point i"),
    "backlog": ("B_i(t)", "units that customers of stock point i wait for"),
    "demand": ("d_i", "units asked for in the period that ends"),
    "forecast.mean": (r"\hat{d}'_i", "the forecast of the period that ends"),
    "ordered": (r"a_\ell", "when line l was ordered"),
    "told": (r"n_\ell", "when the customer of line l was last told; infinity before"),
    "estimate": (r"e_\ell(t)", "today's estimate for line l"),
    "moved": (r"m_\ell(t)", "days between today's estimate and the one last told"),
    "quoted_date": (r"Q_\ell", "the date the supplier quoted for the purchase that covers line l"),
    "expected_date": (r"E_\ell(t)", "the date the supplier now says for that purchase"),
    "met_date": (r"F^{-1}_\ell(p)", "the date by which that purchase has come with probability p"),
}
"""What a rule asks for -> its symbol, and what it is."""
