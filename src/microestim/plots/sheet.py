"""A figure as a picture: in files, in reports, and by itself in a notebook."""

import io

from matplotlib.figure import Figure

__all__ = ["Sheet", "to_png"]


class Sheet(Figure):
    """A Matplotlib figure outside pyplot: it holds no window, and a notebook shows it as a picture."""

    def _repr_png_(self) -> bytes:
        return to_png(self)


def to_png(figure: Figure) -> bytes:
    """Draw a figure as a PNG picture.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    bytes
        The picture, the same for the same figure.
    """
    buffer = io.BytesIO()
    # Matplotlib's version is no part of the picture: left in, it would change the file for no visible reason.
    # The usual level, 6, makes files smaller by less than a tenth and takes longer.
    figure.savefig(buffer, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()
