"""The package in Python and IPython: what prints short, what Tab shows, and errors that tell what to do."""

from __future__ import annotations

import builtins

import models
import pytest
import torch
from report_samples import crashed, detector, hostile

import shapeflow
from shapeflow.errors import InputError, SelectorError
from shapeflow.model.completions import MOST, completions


@pytest.fixture
def trace():
    return shapeflow.trace(models.Mlp(), torch.rand(3, 8))


@pytest.fixture
def shell(trace):
    """An IPython with a trace in it, as a person has it: jedi off and on is set by the test."""
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    made = InteractiveShell()
    made.push({"trace": trace, "shapeflow": shapeflow})
    return made


def completed(shell, text: str) -> set[str]:
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return {found.text.lstrip(".") for found in shell.Completer.completions(text, len(text))}


# What prints ----------------------------------------------------------------------------------------------


def test_what_prints_is_a_line(trace, tmp_path):
    document = tmp_path / "m.md"
    document.write_text("```shapes\nfirst:out  [3, 16]\nfirst:out  [3, 17]\n```\n")
    result = shapeflow.check(trace, document)
    things = [trace, trace.calls[0], trace.ops[0], trace.values[0], trace.modules[0], result]
    things += [*result.verdicts, *trace.select("first"), *trace.select("first:out")]
    things.append(trace.reaches("first:out", ".:out"))
    for thing in things:
        assert len(repr(thing)) <= 120, repr(thing)[:200]
        assert "\n" not in repr(thing)
        assert "\n" not in str(thing) or thing is result
    assert repr(trace).startswith("<Trace of Mlp: on cpu, ")
    assert repr(trace.select("first:out")[0]) == "<Match first@0:out: f32[3, 16]>"
    assert repr(result.verdicts[1]) == "<Verdict contradicted: first:out  [3, 17]>"


@pytest.mark.parametrize("make", [detector, hostile, crashed])
def test_what_prints_is_short_and_harmless_for_any_trace(make):
    found = make()
    for thing in (found, *found.calls, *found.ops, *found.values, *found.modules):
        assert len(repr(thing)) < 400
        assert "\033" not in repr(thing)
        assert "\n" not in repr(thing)
    assert found.run.complete or "ended early by RuntimeError" in repr(found)


def test_a_summary_prints_as_its_table(trace):
    table = trace.summary()
    assert repr(table) == str(table)
    assert "280 (1.09 KiB), all trainable" in str(table)


# What is asked ----------------------------------------------------------------------------------------------


def test_several_matches_are_an_error_that_tells_how(trace):
    with pytest.raises(SelectorError) as caught:
        trace["*:out"]
    text = str(caught.value)
    assert "'*:out' names 3 tensors, and one is asked for" in text or "tensors, and one is asked for" in text
    assert "trace.select('*:out') for all" in text


def test_what_is_no_selector(trace):
    with pytest.raises(TypeError, match=r"trace\['encoder:out'\], not with int"):
        trace[0]
    with pytest.raises(TypeError, match="not iterable"):
        list(trace)
    assert "first:out" in trace
    assert "frist:out" not in trace
    assert 3 not in trace


def test_data_frames(trace):
    pandas = pytest.importorskip("pandas")
    calls = trace.to_pandas()
    assert isinstance(calls, pandas.DataFrame)
    assert len(calls) == len(trace.calls)
    assert list(calls["selector"]) == [".", "first", "act", "second"] or len(set(calls["selector"])) == len(
        calls
    )
    assert calls.set_index("selector").loc["first", "parameters"] == 8 * 16 + 16
    assert list(trace.to_pandas("first:out")["shape"]) == [[3, 16]]
    assert trace.summary().to_pandas()["class"].iloc[0] == "Mlp"


def test_without_pandas_it_says_what_to_install(trace, monkeypatch):
    known = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "pandas":
            raise ImportError(name)
        return known(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for ask in (trace.to_pandas, trace.summary().to_pandas):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.code == "package-missing"
        assert caught.value.hint == "pip install pandas"


# What Tab shows ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("jedi", [True, False])
def test_tab_shows_the_public_names(shell, jedi):
    shell.Completer.use_jedi = jedi
    assert {"trace", "record", "run", "load", "check"} <= completed(shell, "shapeflow.")
    assert completed(shell, "trace.summ") == {"summary"}


@pytest.mark.slow
def test_tab_completes_selectors(shell):
    assert completed(shell, 'trace["fir') >= {"first:out"}
    assert all(name.startswith("first") for name in completed(shell, 'trace["fir'))
    assert "first.weight" in completed(shell, "trace['first.")


@pytest.mark.slow
def test_ipython_shows_a_trace_as_html_and_as_a_line(shell, trace):
    data, _ = shell.display_formatter.format(trace)
    assert data["text/plain"] == repr(trace)
    assert data["text/html"] == trace._repr_html_()


@pytest.mark.parametrize("make", [detector, hostile])
def test_each_completion_names_one_tensor(make):
    found = make()
    names = completions(found)
    assert names
    assert len(names) == len(set(names)) <= MOST
    for name in names:
        assert found[name] is not None
