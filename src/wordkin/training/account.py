"""The account of a run: where the tokens went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wordkin.errors import TrainingError

if TYPE_CHECKING:
    from wordkin.corpus import Account
    from wordkin.training.job import Job
    from wordkin.training.loop import Session


@dataclass(frozen=True)
class TrainingAccount:
    """Where the tokens went: of the text, and of all epochs.

    ``presented == trained + subsampled``, and the corpus' own account balances too.

    Parameters
    ----------
    corpus : Account
        From the text to the corpus.
    epochs : int
        Epochs that were begun.
    presented : int
        Tokens of the corpus that training came to, in all epochs.
    trained : int
        Those of them that it learned from.
    subsampled : int
        Those that were left out because their words are so frequent.
    held_out : int
        Tokens of the corpus that were kept for validation, in each epoch the same.
    stopped_early : bool
        Whether a callback ended the training before its time.

    Raises
    ------
    TrainingError
        If it does not balance.
    """

    corpus: Account
    epochs: int
    presented: int
    trained: int
    subsampled: int
    held_out: int = 0
    stopped_early: bool = False

    def __post_init__(self) -> None:
        if self.presented != self.trained + self.subsampled:
            raise TrainingError(
                f"The account does not balance: {self.presented} tokens presented, "
                f"{self.trained} trained, {self.subsampled} subsampled. This is a bug in wordkin."
            )

    def __str__(self) -> str:
        presented = f"presented in {self.epochs} epochs"
        if self.stopped_early:
            presented += ", stopped"
        lines = [("held out", self.held_out)] if self.held_out else []
        lines += [
            (presented, self.presented),
            ("- left out as too frequent", self.subsampled),
            ("= trained on", self.trained),
        ]
        return "\n".join([str(self.corpus)] + [f"{name:<26}{n:>16,}" for name, n in lines])


def account_of(job: Job, session: Session, *, held_out: int = 0) -> TrainingAccount:
    """Tell where the tokens of a run went.

    Parameters
    ----------
    job : Job
        What was done.
    session : Session
        The run.
    held_out : int
        Tokens that it was not trained on.

    Returns
    -------
    TrainingAccount
        The account.
    """
    tally = session.tally
    return TrainingAccount(
        job.corpus.account,
        session.schedule.epoch(max(tally.step - 1, 0)),
        tally.seen,
        tally.trained,
        tally.seen - tally.trained,
        held_out=held_out,
        stopped_early=not session.ended,
    )
