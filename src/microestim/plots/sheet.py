"""A figure that a notebook shows by itself, whatever Matplotlib's backend is."""

from matplotlib.figure import Figure

__all__ = ["Sheet"]


class Sheet(Figure):
    """A Matplotlib figure outside pyplot: it holds no window, and a notebook shows it as a picture."""

    def _repr_png_(self) -> bytes:
        from microestim.plots.canvas import to_png

        return to_png(self)
