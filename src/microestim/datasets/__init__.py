"""Published capture data that come with the library, each with its source; of some the true size is known."""

from microestim.datasets.countries import CountryCounts, mturk_countries
from microestim.datasets.published import Dataset, load, names

__all__ = ["CountryCounts", "Dataset", "load", "mturk_countries", "names"]
