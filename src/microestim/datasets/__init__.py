"""Published capture data that come with the library, each with its source; of some the true size is known."""

from microestim.datasets.published import Dataset, load, names

__all__ = ["Dataset", "load", "names"]
