"""What a command tells of a run when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordkin.cli.screen import Screen
    from wordkin.training import TrainedModel


def report_run(screen: Screen, trained: TrainedModel) -> None:
    """Print the account, and the history of at most ten epochs, the last among them.

    Parameters
    ----------
    screen : Screen
        Where to.
    trained : TrainedModel
        What came out.
    """
    step = -(-len(trained.history) // 10)
    screen.line(str(trained.account))
    screen.line()
    table = [["epoch", "loss", "validation", "M words/s"]]
    for epoch in trained.history[::-step][::-1]:
        validation = "" if epoch.validation_loss is None else f"{epoch.validation_loss:.4f}"
        speed = f"{epoch.words_per_second / 1e6:.2f}"
        table.append([str(epoch.epoch), f"{epoch.loss:.4f}", validation, speed])
    if all(epoch.validation_loss is None for epoch in trained.history):
        for row in table:
            del row[2]
    screen.table(table, ">" * len(table[0]), indent=0)
