"""What the workers of the distributed engine send to each other, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Traffic:
    """What workers have sent to each other."""

    def __init__(self) -> None:
        self.rounds = 0
        self.sent = 0
        """Bytes that a worker made of its changes, in all rounds, all workers together."""
        self.largest = 0
        """Bytes of one worker in one round, at most."""

    def add(self, sent: Sequence[int]) -> None:
        """Count a round.

        Parameters
        ----------
        sent : sequence of int
            Bytes of each worker.
        """
        self.rounds += 1
        self.sent += sum(sent)
        self.largest = max(self.largest, *sent)

    def __str__(self) -> str:
        each = self.sent / max(self.rounds, 1) / 1e6
        return (
            f"{self.rounds:,} merges; for each, all workers together sent {each:,.2f} MB of "
            f"changes, and one of them at most {self.largest / 1e6:,.2f} MB"
        )
