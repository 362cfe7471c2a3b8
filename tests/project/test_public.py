"""The public names of the package: there when asked for, and what they say they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

import shapeflow

ORDERS = (
    "import shapeflow.model.trace",
    "shapeflow.Trace",
    "from shapeflow.model.records import Value",
    "import shapeflow.walkthrough.check",
)


def test_every_public_name_is_there():
    for name in shapeflow.__all__:
        assert getattr(shapeflow, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'tracee'"):
        shapeflow.tracee  # noqa: B018


@pytest.mark.parametrize("before", ORDERS)
def test_trace_is_the_function_whatever_was_imported_before(before):
    code = (
        f"import shapeflow\n{before}\nimport types\nassert isinstance(shapeflow.trace, types.FunctionType)\n"
    )
    code += "from shapeflow.model.trace import Trace\nassert shapeflow.Trace is Trace\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
