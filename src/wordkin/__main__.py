"""``python -m wordkin`` does what ``wordkin`` does."""

from wordkin.cli import main

main()
