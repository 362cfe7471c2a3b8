"""Axes through reshapes: what is split and joined, and what is torn."""

from __future__ import annotations

import pytest

from shapeflow.lint.atoms import Atoms, regroup
from shapeflow.model.records import Records, Run, Value


def atoms_of(*shapes: tuple[int, ...]) -> Atoms:
    values = tuple(Value(number, "f32", shape, "input") for number, shape in enumerate(shapes))
    return Atoms(Records(Run("python", "", "meta"), values=values))


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        ((2, 8, 12), (2, 96), "clean"),
        ((2, 96), (2, 8, 12), "clean"),
        ((2, 8, 12), (16, 3, 4), "clean"),
        ((2, 1, 8), (2, 8), "clean"),
        ((2, 17, 12), (2, 3, 17, 4), "misfit"),
        ((16, 12), (4, 48), "trails"),
        ((2, 3, 8), (12, 4), "leads"),
        ((16, 64), (4, 16, 16), "tears"),
    ],
)
def test_how_a_reshape_lies_on_axes(before, after, how):
    atoms = atoms_of(before, after)
    axes, found = regroup(atoms, atoms.fresh(0), after, 1)
    assert found == how
    assert [atoms.size(axis) for axis in axes] == list(after)


def test_joined_axes_come_apart_as_they_were():
    atoms = atoms_of((2, 4, 6), (2, 24), (2, 4, 6))
    first = atoms.fresh(0)
    flat, _ = regroup(atoms, first, (2, 24), 1)
    again, _ = regroup(atoms, flat, (2, 4, 6), 2)
    assert flat[1] == first[1] + first[2]
    assert again == first


def test_a_picture_of_windows_may_be_cut_into_others():
    atoms = atoms_of((2, 32, 6), (2, 4, 8, 6), (2, 32, 6))
    windows, _ = regroup(atoms, atoms.fresh(0), (2, 4, 8, 6), 1)
    picture, _ = regroup(atoms, windows, (2, 32, 6), 2)
    assert len(picture[1]) == 2
    (whole,) = atoms.healed(picture[1])
    assert atoms.all[whole].size == 32
    assert atoms.healed(windows[2]) == windows[2]
    _, how = regroup(atoms, tuple(map(atoms.healed, picture)), (2, 8, 4, 6), 2)
    assert how == "clean"
