"""Who was seen when: containers of capture data, from which every estimator takes what it needs."""

from microestim.capture.captures import Captures
from microestim.capture.frequencies import FrequencyCounts

__all__ = ["Captures", "FrequencyCounts"]
