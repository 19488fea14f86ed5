"""Pictures of vectors and of training; each function returns a Matplotlib figure.

No picture touches the state of ``matplotlib.pyplot``, the backend or the settings, so that they can
be drawn without a display, in threads, and between the pictures of somebody else. The words are
text, in any script, whatever characters they hold. Needs the extra ``plot``.
"""

from __future__ import annotations

from wordkin.plotting.analogies import plot_analogy as plot_analogy
from wordkin.plotting.bars import plot_axis as plot_axis
from wordkin.plotting.bars import plot_neighbors as plot_neighbors
from wordkin.plotting.maps import plot_map as plot_map
from wordkin.plotting.runs import plot_confusion as plot_confusion
from wordkin.plotting.runs import plot_training as plot_training
