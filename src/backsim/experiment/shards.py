"""Play an experiment in shards: many processes, on as many machines, without a coordinator.

What is asked for is cut into blocks in a way that depends on the experiment alone.  Of n shards
each plays every n-th block, if it is missing, and writes it as one part.  A sequential stopping
rule goes in rounds: the next is known to every shard once all blocks of the one before are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backsim.errors import InputError
from backsim.experiment.collected import Collected, Pair
from backsim.experiment.parts import Block, Parts, open_parts
from backsim.experiment.playing import Playing, Progress
from backsim.experiment.work import Result
from backsim.results.spec import MetricSpec
from backsim.study.experiment import Experiment
from backsim.study.stopping.rule import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_ORDERS = 10e6
"""Expected orders of a block, unless one policy has more: what an interruption may cost."""
MOST_POLICIES = 1000
"""Policies of a block: some megabytes of results."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `of` shards, from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """A shard as it is written: `3/8`.  Raises InputError."""
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip())
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard: expected one of 1/n to n/n, such as 3/8, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def mine(self, blocks: Sequence[Block]) -> list[Block]:
        """Every n-th of the blocks."""
        return list(blocks[self.number - 1 :: self.of])


@dataclass(frozen=True, slots=True)
class Shift:
    """What came of a call of `work`."""

    played: int
    """Blocks that it played."""
    left: int
    """Blocks of other shards that are missing."""
    verdict: Verdict | None
    """What counts in the end; None while blocks are missing."""


def work(
    experiment: Experiment,
    store: str | Path,
    shard: Shard = Shard(),
    *,
    workers: int | None = None,
    engine: str = "auto",
    dask: str | None = None,
    progress: Progress | None = None,
) -> Shift:
    """Play the blocks of a shard that are missing in a store: a folder, or a URL.

    Every finished block is one part, written once.  Raises InputError for bad input, StudyError
    when the store cannot be used or holds another study.
    """
    return _Shift(experiment, open_parts(store), shard, workers, engine, dask, progress).work()


class _Shift:
    """A shard at work."""

    def __init__(
        self,
        experiment: Experiment,
        parts: Parts,
        shard: Shard,
        workers: int | None,
        engine: str,
        dask: str | None,
        progress: Progress | None,
    ) -> None:
        self.experiment, self.parts, self.shard = experiment, parts, shard
        self.playing = Playing(experiment, workers, engine, dask)
        self.progress = progress or (lambda done, total: None)
        self.played = 0
        self.collected: Collected | None = None

    def work(self) -> Shift:
        self.parts.begin(self.playing.description())
        verdict = self.experiment.first_verdict()
        before: set[Pair] = set()
        while not verdict.enough:
            asked = {(p, k) for p, count in enumerate(verdict.counts) for k in range(count)}
            blocks = self.blocks(asked - before)
            self.fill(self.shard.mine(blocks))
            if left := self.parts.missing(blocks):
                return Shift(self.played, len(left), None)
            before, self.collected = asked, None
            verdict = self.experiment.judge(verdict, self.array)
        return Shift(self.played, 0, verdict)

    def array(self, spec: MetricSpec) -> NDArray[np.float64]:
        """A metric's values in the store, for a stopping rule that asks for them."""
        if self.collected is None:
            self.collected = Collected(self.experiment)
            for result in self.parts.results():
                self.collected.take(result)
        return self.collected.array(spec)

    def blocks(self, pairs: Iterable[Pair]) -> list[Block]:
        """What is asked for as blocks, in order of replication; those of a tape side by side."""
        place = {p: i for i, p in enumerate(p for group in self.playing.groups for p in group)}
        by_replication: dict[int, list[int]] = {}
        for policy, replication in pairs:
            by_replication.setdefault(replication, []).append(policy)
        return [
            Block(replication, tuple(chunk))
            for replication, policies in sorted(by_replication.items())
            for chunk in self.chunks(sorted(policies, key=place.__getitem__))
        ]

    def chunks(self, policies: Iterable[int]) -> Iterator[list[int]]:
        """Policies that are played, and written, together."""
        chunk: list[int] = []
        orders = 0.0
        for policy in policies:
            more = self.experiment.policies[policy].model.expected_orders
            if chunk and (orders + more > MOST_ORDERS or len(chunk) == MOST_POLICIES):
                yield chunk
                chunk, orders = [], 0.0
            chunk.append(policy)
            orders += more
        if chunk:
            yield chunk

    def fill(self, blocks: Sequence[Block]) -> None:
        """Play those of the blocks that are missing, and write each when it is whole."""
        missing = self.parts.missing(blocks)
        done = total = sum(len(block.policies) for block in blocks)
        done -= sum(len(block.policies) for block in missing)
        self.progress(done, total)
        wanted = [pair for block in missing for pair in block.pairs]
        for results in whole(missing, self.playing.batches(wanted)):
            self.parts.add(results)
            self.played += 1
            done += len(results)
            self.progress(done, total)


def whole(blocks: Sequence[Block], batches: Iterable[Sequence[Result]]) -> Iterator[list[Result]]:
    """The results of each block, once all of them have come."""
    block_of = {pair: block for block in blocks for pair in block.pairs}
    waiting: dict[Block, list[Result]] = {}
    for results in batches:
        for result in results:
            block = block_of[result.policy, result.replication]
            found = waiting.setdefault(block, [])
            found.append(result)
            if len(found) == len(block.policies):
                yield waiting.pop(block)
