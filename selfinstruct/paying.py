"""A model as a run uses it: behind the completion store, within the caps of the run and of its sweep.

    async with paying_model(target, options, limits, store, settings) as (model, budget):
        completion = await model.complete(request)

What is in flight at the end is awaited and stored, and the purse of the sweep is closed, whatever happened.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from selfinstruct import config as configs
from selfinstruct import outcomes
from selfinstruct.models.budget import Budget
from selfinstruct.models.gateway import ModelOptions, identity
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.prices import known_prices
from selfinstruct.models.purse import SweepPurse
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.models.store import CompletionStore, StoreOptions
from selfinstruct.models.stored import StoredModel


@dataclass(frozen=True)
class Payer:
    """Who pays: the run's identity, the store it pays into, and the limits that it keeps to."""

    identity: str
    store: StoreOptions
    limits: LimitOptions


@contextlib.asynccontextmanager
async def paying_model(
    target: str, options: ModelOptions, store: CompletionStore, payer: Payer
) -> AsyncIterator[tuple[StoredModel, Budget]]:
    """Give the model that `target` builds, and the budget that it keeps to.

    Raises:
        InputError: the target builds no model, or a cap on cost is set and the price is not known.
    """
    prices = known_prices(options.name, options.input_cost_per_token, options.output_cost_per_token)
    reckoning = Reckoning(prices, options.options)
    purse = _open_purse(store, payer, reckoning)
    budget = Budget(payer.limits, store.spent(payer.identity, reckoning), purse)
    model = StoredModel(
        configs.build_model(target, options, payer.limits, budget),
        store,
        identity=identity(options),
        sample=payer.store.sample,
        payer=payer.identity,
    )
    try:
        yield model, budget
    finally:
        await model.drain()
        if purse is not None:
            await purse.close()


def _open_purse(store: CompletionStore, payer: Payer, reckoning: Reckoning) -> SweepPurse | None:
    sweep, cap_usd = outcomes.current_sweep(), payer.limits.sweep_max_cost_usd
    if sweep is None and cap_usd is None:
        return None
    purse = SweepPurse(store, sweep or payer.identity, payer.identity, cap_usd, payer.limits.timeout_s, reckoning)
    purse.open()
    return purse
