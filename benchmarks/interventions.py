"""Ask random questions about random models, and compare each answer with an experiment.

``python -m benchmarks.interventions`` asks about the data flow of random small models and of some real ones,
in traces of real and of shapes-only runs. For each question the source is changed in a real run, several
times, and whatever changes behind it is seen. ``--write`` puts the figures into docs/limits.md.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import torch

from benchmarks import random_models
from benchmarks.document import replace_part, table, versions
from benchmarks.experiment import Build, Place, Seen, moved, observe, same, spoiled, written
from benchmarks.models import zoo
from shapeflow.errors import NeedsValues
from shapeflow.model.trace import Trace
from shapeflow.recording import trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.verdict import Verdict

REAL_MODELS = ("BERT", "GPT-2", "T5", "LSTM and GRU", "ViT", "resnet50", "DETR", "SegFormer")
NUMERIC = frozenset(
    {
        *(
            "getitem",
            "setitem",
            "where",
            "masked_fill",
            "masked_fill_",
            "clamp",
            "relu",
            "copy_",
            "split",
            "sort",
        ),
        *(
            "max_pool2d",
            "max",
            "argmax",
            "nonzero",
            "gt",
            "eq",
            "embedding",
            "chunk",
            "unbind",
            "index_select",
        ),
        *(
            "scaled_dot_product_attention",
            "softmax",
            "select",
            "masked_fill",
            "ne",
            "lt",
            "ge",
            "le",
            "cumsum",
        ),
        *("interpolate", "sort", "unfold", "slice", "adaptive_avg_pool2d", "dropout", "min", "gather"),
    }
)
"""Ops that may leave out what they are given: docs/limits.md says that a change of it need not show."""


@dataclass
class Tally:
    """What came of the questions."""

    asked: Counter[str] = field(default_factory=Counter)
    """By kind of question and verdict."""
    explained: int = 0
    """A path was found and no change was seen, for a reason in numbers."""
    contradictions: list[str] = field(default_factory=list)

    @property
    def questions(self) -> int:
        """How many were asked."""
        return sum(self.asked.values())


@dataclass(frozen=True)
class Answer:
    """What the experiments on one source showed."""

    changed: frozenset[Place]
    """Where something else was, when what the source handed on was replaced."""
    touched: frozenset[Place]
    """The same when its memory was written to."""
    matters: bool
    """True if something that the caller can have was different."""


def experiment(build: Build, source: Place, trials: int) -> Answer:
    """Change what is at one place in real runs, and tell what that changed."""
    changed: set[Place] = set()
    touched: set[Place] = set()
    plain = observe(build, source, torch.Tensor.clone)
    matters = False
    for seed in range(1, trials + 1):
        seen = observe(build, source, partial(moved, seed=seed))
        changed |= _differences(plain, seen)
        matters |= not same(plain.results, seen.results)
    matters |= not same(plain.results, observe(build, source, spoiled).results)
    untouched = observe(build)
    for seed in range(1, trials + 1):
        touched |= _differences(untouched, observe(build, source, partial(written, seed=seed)))
    return Answer(frozenset(changed), frozenset(touched), matters)


def _differences(first: Seen, second: Seen) -> set[Place]:
    places = first.tensors.keys() | second.tensors.keys()
    return {place for place in places if not same(first.tensors.get(place), second.tensors.get(place))}


def selector(place: Place) -> str:
    """Return a place as shapeflow writes it."""
    path, call, port = place
    return f"{path or '.'}@{call}:{port}"


def ask(recorded: Trace, lines: list[str]) -> Iterator[Verdict]:
    """Return the verdicts on claims."""
    text = "\n".join(["# Claims", "", "```shapes", *lines, "```", ""])
    return iter(check(recorded, parse(text)).verdicts)


def question(
    build: Build, name: str, recorded: dict[str, Trace], dice: random.Random, size: int, tally: Tally
) -> None:
    """Ask about one model: flow between random places, what is unused, how often a module was called."""
    seen = observe(build)
    sources = dice.sample(sorted(seen.tensors), min(size, len(seen.tensors)))
    for source in sources:
        answer = experiment(build, source, 2)
        goals = dice.sample(sorted(seen.tensors), min(size, len(seen.tensors)))
        start = selector(source)
        lines = [f"{start} unused"]
        for goal in goals:
            lines += [f"{start} never reaches {selector(goal)}", f"{start} reaches {selector(goal)}"]
        for device, run in recorded.items():
            verdicts = list(ask(run, lines))
            for verdict, goal in zip(verdicts[1:], [goal for goal in goals for _ in (0, 1)], strict=True):
                _judge_flow(run, verdict, goal, answer, tally, f"{name} ({device})")
            _count(tally, "unused", verdicts[0])
            if verdicts[0].status == "holds" and answer.matters:
                tally.contradictions.append(f"{name} ({device}): {lines[0]}: holds, and results change")
    for device, run in recorded.items():
        _judge_counts(run, seen, dice, size, tally, f"{name} ({device})")


def _judge_flow(run: Trace, verdict: Verdict, goal: Place, answer: Answer, tally: Tally, name: str) -> None:
    text = verdict.claim.text
    never = "never reaches" in text
    _count(tally, "never reaches" if never else "reaches", verdict)
    if verdict.status not in ("holds", "contradicted", "undecided"):
        tally.contradictions.append(f"{name}: {text}: {verdict.status}, {verdict.what}")
    elif verdict.status == ("holds" if never else "contradicted") and goal in answer.changed:
        tally.contradictions.append(f"{name}: {text}: {verdict.status}, and it changes")
    elif (
        verdict.status == ("contradicted" if never else "holds")
        and goal not in answer.changed | answer.touched
    ):
        if NUMERIC.isdisjoint(run.ops[op].target for op in verdict.evidence.ops):
            tally.contradictions.append(f"{name}: {text}: {verdict.status}, and nothing changes")
        else:
            tally.explained += not never


def _judge_counts(run: Trace, seen: Seen, dice: random.Random, size: int, tally: Tally, name: str) -> None:
    paths = dice.sample(sorted(seen.calls), min(size, len(seen.calls)))
    wanted = [(f"count calls {path or '.'} = {seen.calls[path]}", "holds") for path in paths]
    wanted += [(f"count calls {path or '.'} = {seen.calls[path] + 1}", "contradicted") for path in paths]
    for parent in sorted({path.rpartition(".")[0] for path in paths if "." in path}):
        below = [module.path for module in run.modules if module.path.rpartition(".")[0] == parent]
        ran = [path for path in below if seen.calls[path]]
        idle = [
            module
            for module in run.modules
            if module.path in below and module.callable and module.path not in ran
        ]
        total = sum(seen.calls[path] for path in below)
        wanted.append((f"count calls {parent}.* = {total}", "not observed" if idle and ran else "holds"))
        wanted.append((f"count {parent}.* = {len(below)}", "holds"))
    for (line, status), verdict in zip(wanted, ask(run, [line for line, _ in wanted]), strict=True):
        _count(tally, "count", verdict)
        if verdict.status != status:
            tally.contradictions.append(f"{name}: {line}: {verdict.status}, and {status} is right")


def _count(tally: Tally, kind: str, verdict: Verdict) -> None:
    tally.asked[f"{kind}: {verdict.status}"] += 1


def random_build(seed: int, numbers: bool) -> Build:
    """Return what builds the random model of a seed, with its arguments."""

    def build() -> tuple[torch.nn.Module, tuple[object, ...], dict[str, object]]:
        return *random_models.build(seed, numbers=numbers), {}

    return build


def real_build(name: str) -> Build:
    """Return what builds a model of the zoo, the same one each time."""
    entry = next(entry for entry in zoo() if entry.name == name)

    def build() -> tuple[torch.nn.Module, tuple[object, ...], dict[str, object]]:
        torch.manual_seed(0)
        model, inputs = entry.build()
        return model.eval(), (), dict(inputs)

    return build


def traces(build: Build) -> dict[str, Trace]:
    """Return the traces of a real run and, unless it needs numbers, of a shapes-only one."""
    found = {}
    for device in (None, "meta"):
        model, args, kwargs = build()
        try:
            with torch.no_grad():
                found[device or "real"] = trace(model, *args, device=device, **kwargs)
        except NeedsValues:
            continue
    return found


def run(seeds: Iterable[int], names: Iterable[str], size: int) -> Tally:
    """Ask about the random models of some seeds, and about real ones.

    Args:
        seeds: a model for each; every other one reads numbers, too.
        names: entries of the zoo.
        size: sources of a model, and destinations for each.
    """
    tally = Tally()
    builds = [(f"random {seed}", random_build(seed, seed % 2 == 1)) for seed in seeds]
    builds += [(name, real_build(name)) for name in names]
    for name, build in builds:
        question(build, name, traces(build), random.Random(name), size, tally)
    return tally


def main() -> int:
    """Ask, print what came, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=40, help="random models (default: 40)")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed (default: 0)")
    parser.add_argument("--size", type=int, default=6, help="sources a model, destinations each (default: 6)")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/limits.md")
    parser.add_argument("--no-real", action="store_true", help="leave out the real models")
    args = parser.parse_args()
    torch.set_num_threads(1)
    seeds, names = range(args.first, args.first + args.models), () if args.no_real else REAL_MODELS
    tally = run(seeds, names, args.size)
    kinds = sorted({key.partition(": ")[0] for key in tally.asked})
    statuses = ("holds", "contradicted", "undecided", "not observed")
    rows = [[kind, *(tally.asked[f"{kind}: {status}"] for status in statuses)] for kind in kinds]
    text = (
        f"{tally.questions:,} questions on {args.models} random models and {len(names)} real ones "
        f"({', '.join(names)}), real and shapes-only: **{len(tally.contradictions)} contradictions**. "
        f"In {tally.explained} cases of `reaches` no change was seen, for a reason in numbers as above. "
        f"{versions('torch', 'torchvision', 'transformers')}.\n\n" + table(["question", *statuses], rows)
    )
    print(text, *tally.contradictions, sep="\n")
    if args.write:
        print(replace_part("limits.md", "interventions", text))
    return 1 if tally.contradictions else 0


if __name__ == "__main__":
    sys.exit(main())
