"""Designs to test the model's parts on, and random points of their parameters."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import microestim as me

ONE_PLATFORM = """
schema_version = "1.0"
id = "xx-one"
title = "One platform"
country = "BR"
country_name = "Brazil"
language = "pt-BR"
period = "2021"
summary = "A study of one platform."
observed = "alpha"

[[sources]]
id = "book"
authors = ["Silva, Ana"]
year = 2021
title = "The book"

[[platforms]]
id = "alpha"
name = "Alpha"
class = "online micro-tasks"
layer = "two-sided"
residents_only = false

[[evidence]]
id = "registrations"
type = "registrations"
platforms = "alpha"
value = 30000
unit = "accounts"
reach = "resident"
period = "2021"
basis = "published"
source = "book"
locator = "p. 1"

[[evidence]]
id = "audience"
type = "audience"
platforms = "alpha"
value = 4000
unit = "visitors"
page_scope = "work pages"
vendor = "A service"
reach = "resident"
period = "2021"
basis = "published"
source = "book"
locator = "p. 1"

[[evidence]]
id = "waves"
type = "captures"
platforms = "alpha"
n1 = 300
n2 = 280
m = 40
unit = "accounts"
period = "2021"
basis = "published"
source = "book"
locator = "p. 1"

[[evidence]]
id = "frequency"
type = "activity"
platforms = "alpha"
frequency_scope = "any platform"
question = "How often?"
n = 500
shares = {weekly = 0.8, monthly = 0.15, less = 0.05}
unit = "respondents"
period = "2021"
basis = "published"
source = "book"
locator = "p. 1"

[[evidence]]
id = "memberships"
type = "memberships"
platforms = "any"
frame = "alpha"
kind = "worked"
mean = 2.2
n = 500
unit = "platforms per person"
period = "2021"
basis = "published"
source = "book"
locator = "p. 1"
"""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, me.WorkforceModel]:
    """Models of a published study, of one platform, and of a study with every kind of evidence."""
    one = tmp_path_factory.mktemp("studies") / "one.toml"
    one.write_text(ONE_PLATFORM, encoding="utf-8")
    return {
        "fr-2018": me.WorkforceModel(me.load_study("fr-2018")),
        "one platform": me.WorkforceModel(me.read_study(one)),
        "everything": me.WorkforceModel(me.read_study(Path(__file__).with_name("everything.toml"))),
    }


@pytest.fixture(scope="session")
def second() -> ModuleType:
    """The observation models, written a second time."""
    # Tests are imported by path, so a neighbour cannot be imported by its name.
    spec = importlib.util.spec_from_file_location(
        "second_implementation", Path(__file__).with_name("second_implementation.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call_by_address(evaluate, values, data, *, size=None):
    """Value, gradient and status of a function that `print_loops` printed, compiled or not."""
    values, data = np.array(values, dtype=float), np.array(data, dtype=float)
    gradient, value = np.full(len(values), np.nan), np.full(1, np.nan)
    numbers = ctypes.POINTER(ctypes.c_double)
    arrays = [each.ctypes.data_as(numbers) for each in (values, gradient, value, data)]
    status = evaluate(len(values) if size is None else size, *arrays)
    return float(value[0]), gradient, status


@pytest.fixture(scope="session")
def call():
    return call_by_address
