"""Reasons to leave a mention open: its words deny it, or speak of another run or another type."""

from __future__ import annotations

import re
from dataclasses import replace

from shapeflow.notes.mention import Mention
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.notes.words.clauses import DENIED, OTHERWISE, PAST, Clause, sentence

_DTYPE = re.compile(
    r"(?i)(?<![A-Za-z0-9])(bf16|bfloat16|f16|fp16|float16|half|f32|fp32|float32|f64"
    r"|float64|double|u?int(?:8|16|32|64)"
    r"|i(?:8|16|32|64)|u8|bool)\W{0,3}$"
)
_SHORT = {"bfloat16": "bf16", "fp16": "f16", "half": "f16", "fp32": "f32", "double": "f64"}
_QUALIFIED = re.compile(
    r"(?i)[\s`)*,(]{0,4}(?:without|excluding|excl\w*|ignoring|only|if|when|for|per|after"
    r"|before|once|with|plus|minus|in (?:v|the)"
    r"|ohne|nur|wenn|bei|nach|vor|sans|si|pour|après|avant|sin|sem|para|去掉|不含|不包括"
    r"|如果|当|除去|なし|제외|без)(?![A-Za-z])"
)
"""What may follow a shape and say that it is of something less, or something later."""
_MODEL = re.compile(r"\b[A-Z]\w*[a-zT]\w*-?\d+(?![\w.]*\()|\b[A-Z]\w*[a-zTPR]-[A-Z]\b")
"""A name such as those that people give to models: ResNet-50, Swin-B."""
_SUPPOSED = re.compile(
    r"(?i)\b(?:would|suppose|supposing|imagine|hypothetical\w*|würden?|wäre|serait|sería|seria|sarebbe)\b"
    r"|假设|假如|如果是|もし|만약|если бы"
)
_FILE = re.compile(
    r"(?i)\w\.(?:npz|npy|csv|tsv|parquet|h5|hdf5|pkl|pickle|mat|wav|mp3|flac|jsonl|xlsx?|tfrecords?|lmdb|zarr)\b"
)
_PART = re.compile(r"\w\[[^\]]*:[^\]]*\][^\[\]]{0,24}$")
"""``maps[:, :5] →`` right before a shape."""
_STORED = "it is of a file with data"
_OTHER = "the words speak of another run or model"
COMMITTED = frozenset({"confirmed", "symbolic, consistent", "contradicted", "layout differs"})


def doubted(mark: Mark, clause: Clause) -> Mark:
    """Return a mark, left open where the words around it say that it is not of this run, or not so."""
    if mark.verdict not in COMMITTED:
        return mark
    if _FILE.search(f"{mark.mention.frame.row} {clause.words}"):
        return replace(left_open(mark, _STORED), verdict="not in this run")
    around = sentence(mark.mention)
    differs = mark.verdict in ("contradicted", "layout differs")
    other = differs and (OTHERWISE.search(around) or _MODEL.search(around))
    reasons = {
        "the words deny it": DENIED.search(clause.words[-40:]),
        "the words speak of an earlier state": PAST.search(around if differs else clause.words),
        _OTHER: other,
        "it is of other code than the model's": differs and mark.mention.frame.region == "annotation",
        "it is of a part of something": differs and _PART.search(mark.mention.frame.before),
        "the words only suppose it": not differs and _SUPPOSED.search(clause.words),
        "the words around it qualify it": differs
        and (is_qualified(mark.mention) or mark.mention.alternative),
        "another type is stated": not differs and _is_of_other_type(mark),
    }
    why = next((why for why, holds in reasons.items() if holds), "")
    if why == _OTHER:
        return replace(left_open(mark, why), verdict="not in this run")
    return left_open(mark, why) if why else mark


def _is_of_other_type(mark: Mark) -> bool:
    """Return whether a text states a type of elements that the tensor does not have."""
    stated = _DTYPE.search(mark.mention.frame.before)
    return bool(stated and mark.found) and _short(stated[1] if stated else "") != mark.found.split("[")[0]


def is_qualified(mention: Mention) -> bool:
    """Return whether the words behind a mention say that it is of something less, or only sometimes so."""
    return _QUALIFIED.match(mention.frame.after) is not None


def left_open(mark: Mark, why: str) -> Mark:
    """Return a mark as one that nothing is committed to, with the reason."""
    return replace(mark, verdict="cannot tell", evidence=(*mark.evidence, why))


def _short(name: str) -> str:
    low = _SHORT.get(name.lower(), name.lower())
    return re.sub(r"^(u?)int", r"\1i", low).replace("ui", "u").replace("bfloat", "bf").replace("float", "f")
