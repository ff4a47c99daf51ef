"""`wandb.Plotly`."""

from __future__ import annotations

from typing import Any

from wandb.errors import Error
from wandb.sdk.data_types.base_types.media import Media
from wandb.sdk.data_types.image import Image
from wandb_compat.convert import figures, kinds


class Plotly(Media):
    """A plotly figure, or a matplotlib figure as plotly draws it.

    In Pluto: a file in JSON, which `plotly.io.read_json` reads back.

    Example:
        >>> wandb.Plotly(plotly.express.scatter(x=[1, 2], y=[3, 4]))
    """

    _log_type = "plotly-file"
    _folder_name = "plotly"

    @classmethod
    def make_plot_media(cls, val: Any) -> Image | Plotly:
        """Return a plotly figure as Plotly and a matplotlib figure as Image."""
        return Image(val) if kinds.is_matplotlib(val) else cls(val)

    def __init__(self, val: Any) -> None:
        """Take a figure: whatever is done to it afterwards does not change what is logged.

        Args:
            val: figure of plotly or matplotlib.

        Raises:
            ValueError: it is neither, or a figure of matplotlib with images on it.
            wandb.Error: plotly is needed for a figure of matplotlib and not installed.
        """
        super().__init__()
        if kinds.is_matplotlib(val):
            val = _of_matplotlib(figures.matplotlib_figure(val))
        elif not hasattr(val, "to_plotly_json"):
            raise ValueError(
                "Logged plots must be plotly figures, or matplotlib plots convertible to plotly via mpl_to_plotly, not"
                f" {type(val).__name__}"
            )
        self._set_deferred_file(figures.plotly_file(val))


def _of_matplotlib(figure: Any) -> Any:
    if any(axes.images for axes in figure.axes):
        raise ValueError(
            "Plotly does not currently support converting matplotlib figures containing images."
            " You can convert the plot to a static image with `wandb.Image(plt)`"
        )
    try:
        from plotly.tools import mpl_to_plotly
    except ImportError as error:
        raise Error('wandb.Plotly needs plotly for this. To get it, run "pip install plotly".') from error
    return mpl_to_plotly(figure)
