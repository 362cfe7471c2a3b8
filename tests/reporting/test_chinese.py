"""A Chinese report is Chinese: every sentence that a report can show has its words in the tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from layer_stacks import judged, stack
from message_cases import CAUSES, CLAIMS, verdict_of
from places import PACKAGE
from report_samples import crashed, detector, write_walkthrough

from shapeflow.adapters import checkpoints, prompt, sam3, sam3_transformers
from shapeflow.errors import Diagnostic
from shapeflow.recording import recorder
from shapeflow.reporting.formats.html import render
from shapeflow.reporting.sentences import FILLED, HOLE, Sentences, chinese_sentences
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.build import build
from shapeflow.reporting.words import TABLE
from shapeflow.reporting.words.sentences import PAIRS
from shapeflow.walkthrough.check import check

ENGLISH = re.compile(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}[,;:]? [A-Za-z]{2,}")
"""Three words one behind the other."""
QUOTED = re.compile(r"“[^”]*”|`[^`]*`")
EXAMPLES = re.compile(
    r"^(said|count|attr|class|chain|value|parameters|flops|shapeflow|pip|apt-get|encoder|https?)\b"
)
"""How lines begin that are to be pasted: claims and commands."""
SOURCES = (
    *(PACKAGE / "walkthrough" / "claims").glob("*.py"),
    *(PACKAGE / "walkthrough" / "causes").glob("*.py"),
    *(PACKAGE / "walkthrough" / "making").glob("*.py"),
    *(PACKAGE / "walkthrough" / "formula").glob("*.py"),
    *(PACKAGE / "shapes").glob("*.py"),
    *(PACKAGE / "walkthrough" / f"{name}.py" for name in ("block", "grammar", "judge", "messages", "scoped")),
    *(PACKAGE / "model" / f"{name}.py" for name in ("doubts", "not_found", "pattern", "selector", "unused")),
    *(PACKAGE / "graph" / f"{name}.py" for name in ("boxes", "edges", "joins", "prune")),
)
"""Where the sentences of verdicts, causes and figures are made."""
NOT_SHOWN = {
    "not observed",  # statuses and other names, for which ``words`` has its own entries
    "layout differs",
    "unknown origin",
    "not looked into",
    "never gets there",
    "all calls and all ops are never too few",  # an assertion
    "is said to state this",
}


INPUTS = tuple((PACKAGE / "adapters" / "inputs").glob("*.py"))
"""Where it is told how inputs were made, and nothing else but in errors."""
MODELS = (
    *INPUTS,
    *(PACKAGE / "adapters" / "libraries").glob("*.py"),
    *(PACKAGE / "adapters" / "files").glob("*.py"),
)
"""Where notes are made, too."""
TOLD = {"made", "told", "note", "notes"}
"""Names of what is told."""
NAMED = {"text places", "two dogs"}
"""Not told: a convention's own name, and an input itself."""


def told_in(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each piece of what a file of adapters tells of inputs and of the run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    raised = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in _errors(node)}
    told = {id(part) for node in ast.walk(tree) if _tells(node) for part in ast.walk(node)}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            where = id(node)
            if where not in raised | docstrings and (path in INPUTS or where in told):
                yield node.lineno, node.value


def _errors(node: ast.Raise) -> Iterator[ast.AST]:
    """Yield what belongs to an error of the command; the reasons why something was left out become notes."""
    if isinstance(node.exc, ast.Call) and getattr(node.exc.func, "id", "") != "DoesNotFitError":
        yield from ast.walk(node)


def _tells(node: ast.AST) -> bool:
    """Return whether something is named as what is told."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(getattr(part, "id", "") in TOLD for target in targets for part in ast.walk(target))
    if isinstance(node, ast.keyword):
        return node.arg in TOLD
    if isinstance(node, ast.FunctionDef):  # it returns one
        return node.name == "_note"
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("notes.append", "inputs.notes.append")


def _counted(text: str) -> str:
    return re.sub(r"\{n\d?\}|\d+(?:[.,]\d+)*", "7", text)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_how_inputs_were_made_is_in_the_tables(path):
    """Whoever has something new to tell of an input, or of a run, gives it its Chinese."""
    known = [_counted(re.sub(r"<([a-z ]*)\|[^>]*>", r"\1", english)) for english, _ in PAIRS]
    missing = [
        f"{path.name}:{line}: {text!r}"
        for line, text in told_in(path)
        if re.search(r"[a-z]{2,},? [a-z]{2,}", text)
        and text not in NAMED
        and not re.search(r"[\\=]", text)  # a pattern of source text
        and not any(_counted(text.strip(" '")) in english for english in known)
    ]
    assert not missing, "give these their Chinese in shapeflow/reporting/words/sentences/made.py"


def sentences_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each piece of a sentence in a file: what stands between what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    no_text = {
        id(node.value)
        for parent in ast.walk(tree)
        if isinstance(parent, ast.Module | ast.ClassDef | ast.FunctionDef)
        for node in parent.body
        if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in no_text:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_sentence_of_a_verdict_is_in_the_tables(path):
    known = [re.sub(r"<([a-z ]*)\|[^>]*>", r"\1", english) for english, _ in PAIRS]
    known += [re.sub(r"<[^|>]*\|([^>]*)>", r"\1", english) for english, _ in PAIRS]
    missing = [
        f"{path.name}:{line}: {text!r}"
        for line, text in sentences_of(path)
        for piece in text.split("\n")
        if re.search(r"[a-z]{2,},? [a-z]{2,}", piece)
        and piece.strip() not in NOT_SHOWN
        and not EXAMPLES.match(piece)
        and not re.match(r"^[a-z_]+( [a-z_]+){7,}$", piece)  # a list of names of ops
        and chinese_sentences()(piece) == piece
        and not any(piece.strip(" '[]{}") in english for english in known)
    ]
    assert not missing, "give these their Chinese in shapeflow/reporting/words/sentences"


def test_the_notes_of_a_trace_are_in_the_tables():
    notes = [
        checkpoints.NO_WEIGHTS,
        sam3.NO_BATCH_DETECTIONS,
        sam3.ENDS_EARLY,
        sam3_transformers.NO_VOCABULARY,
        recorder._NOT_COMPILED,
        prompt.long_prompt_note(40),
        "The checkpoint lacks 1 tensor: head.weight.",
        "The checkpoint has 5 tensors that the model does not: a, b, c and 2 more.",
        "Checks of numbers that a shapes-only run does not know were taken as passed, "
        "at 2 lines: a.py:1, b.py:2.",
    ]
    for note in notes:
        assert not ENGLISH.search(chinese_sentences()(note).replace("pip install", "")), note


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[english for english, _ in PAIRS])
def test_a_pattern_loses_nothing(english, chinese):
    """What a sentence is about stands in both languages, and a pattern finds itself."""
    names = {hole["name"] for hole in HOLE.finditer(english) if hole["name"]}
    assert names == {name for _, name in FILLED.findall(chinese)}
    assert not re.search(r"[，。；：]\s|\s[，。；：]", chinese), "no blank beside a mark of full width"
    assert not re.search("[\u4e00-\u9fff][,;:()]|[,;:()][\u4e00-\u9fff]", chinese), "marks of full width"
    assert not re.search(
        "[\u4e00-\u9fff][A-Za-z0-9{`]|[A-Za-z0-9}`][\u4e00-\u9fff]", _without_sentences(chinese)
    ), "a blank between Chinese and Latin"


def _without_sentences(chinese: str) -> str:
    """Return a pattern without the holes that other sentences fill."""
    return re.sub(r"\{\*\w+\}", "", chinese)


def test_the_most_telling_pattern_counts_and_names_stay():
    say = Sentences()
    assert say("'a b' has 33 in dim 1, not 32") == "“a b”的第 1 维是 33，不是 32"
    assert (
        say("'x' has 2 modules, not 6: 1 in head, 2 in body")
        == "“x”有 2 个模块，不是 6 个：head 中 1 个、body 中 2 个"
    )
    assert say("f32[1, 2]   dims 1, 2 and 4 differ") == "f32[1, 2]   第 1, 2, 4 维不同"
    assert say("made by attention, in item") == "由 item 中的 attention 产生", "an op is a name, not a word"
    assert say("none") == "none" and say("attention") == "attention", "alone, a word may be a name"
    assert say("return x in y") == "return x in y"


def _english(diagnostic: Diagnostic, *, text: bool = False) -> list[str]:
    """Return the lines of a message that are still English in a Chinese report; code and claims are none."""
    fields = dict(diagnostic.reasons()) | {"what": diagnostic.what, "where": diagnostic.where}
    fields.pop("hint", "")  # mostly to be pasted
    if text:  # what stands there is the model's own
        fields = {name: told for name, told in fields.items() if name in ("what", "hint")}
    lines = [line for told in fields.values() for line in chinese_sentences()(told).split("\n")]
    code = ("count ", "never reaches", "RuntimeError")
    plain = [QUOTED.sub("", line) for line in lines]
    return [line for line in plain if ENGLISH.search(line) and not any(name in line for name in code)]


@pytest.mark.parametrize("code", sorted(CLAIMS))
def test_reasons_of_verdicts_are_chinese(code):
    verdict = verdict_of(code)
    assert not _english(verdict.diagnostic, text=code == "text")
    assert chinese_sentences()(verdict.what) != verdict.what


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_reasons_of_causes_are_chinese(code):
    changed, more = CAUSES[code]
    result = judged(stack(**changed), *more)
    assert result.causes
    assert not [line for cause in result.causes for line in _english(cause.diagnostic)]
    assert not [line for verdict in result.failed for line in _english(verdict.diagnostic)]


def test_a_report_shows_them():
    changed, more = CAUSES["size-changed"]
    result = judged(stack(**changed), *more)
    view, english = (build(result.trace, result, language=language) for language in ("zh", "en"))
    assert view.causes[0].what == "由此开始“D”是 32，不是 16"
    assert dict(view.causes[0].reasons)["because"] == "6 行不符的断言在其下游，尺寸随之改变"
    told = [verdict.what for verdict in result.verdicts]
    assert [claim.what for claim in english.claims] == told, "messages in English are as they were"
    assert not [claim.what for claim in view.claims if ENGLISH.search(QUOTED.sub("", claim.what))]
    page = render(view)
    assert view.causes[0].what in page
    assert next(claim.what for claim in view.failing) in page


def test_figures_are_chinese():
    view = build(detector(blocks=12), language="zh")
    figures = "".join(section.drawing.svg for section in view.sections if section.drawing)
    figures += view.overview.svg if view.overview else ""
    texts = re.findall(r">([^<>]+)<", figures)
    assert texts
    assert not [
        text for text in texts if re.search(r"result of|\d tensors?$|differ\b|never|\bmore$|^input$", text)
    ]


@pytest.mark.parametrize("make", [crashed, detector])
def test_the_page_has_no_word_of_the_interface_in_english(make, tmp_path):
    """Every English text of the tables that says more than a word is missing from the Chinese page."""
    trace = make()
    result = check(trace, write_walkthrough(tmp_path)) if make is detector else None
    page = render(build(trace, result, language="zh"))
    body = page[page.index("<body>") : page.index('<script type="application/json"')]
    texts = set(re.findall(r">([^<>]+)<", body)) | set(
        re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', body)
    )
    english = {
        text
        for pair in TABLE.values()
        for text in pair[0].split("|")
        if ENGLISH.search(text) and "{" not in text
    }
    assert not texts & english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("random numbers", "随机数"),
        ("random truth values", "随机真值"),
        ("random integers below 30,522", "小于 30,522 的随机整数"),
        ("full of -0.5", "全部为 -0.5"),
        ("as given", "按给定值"),
        ("read from x.npy", "读自 x.npy"),
        ("made to fit batch.image", "为配合 batch.image 调整了尺寸"),
        ("a b.png, 30 x 20, numbers from 0 to 1", "a b.png，30 x 20，取值 0 到 1"),
        (
            "p.png, 30 x 20, resized to 6 x 8, numbers from 0 to 255",
            "p.png，30 x 20，缩放为 6 x 8，取值 0 到 255",
        ),
        (
            "'a dog, a cat' as 77 tokens by open_clip's tokenizer",
            "“a dog, a cat”经 open_clip 的分词器得到 77 个 token",
        ),
        ("'a dog' as 4 tokens by the tokenizer in bert", "“a dog”经 bert 中的分词器得到 4 个 token"),
        (
            "2 texts of 16 token ids below vocab_size 32,000, the second padded by 4 at its end, "
            "64 of them for the picture, 8 of them for the sound",
            "2 段文本，各 16 个小于 vocab_size 32,000 的 token 编号，第二段末尾填充 4 个，"
            "其中 64 个代表图像，其中 8 个代表声音",
        ),
        (
            "2 texts of 8 token ids below vocab_size 2,048, the first of each starts it, for 4 codebooks",
            "2 段文本，各 8 个小于 vocab_size 2,048 的 token 编号，首个为起始 token，用于 4 个码本",
        ),
        ("a vector for each text, 1,280 random numbers each", "每段文本一个向量，各 1,280 个随机数"),
        (
            "random numbers, a batch of 2 x 4 channels, in one channel",
            "随机数，批量为 2 x 4 channels，单通道",
        ),
        (
            "zeros of the shape (batch_size, 3) that the docstring of forward gives",
            "零，形状 (batch_size, 3) 取自 forward 的文档字符串",
        ),
        (
            "as WhisperFeatureExtractor makes them of 2 sounds of 0.5 s at 16000 Hz, the second shorter",
            "由 WhisperFeatureExtractor 从 2 段 0.5 秒、16000 Hz 的声音得到，第二段较短",
        ),
        (
            "Run without the sound: it becomes vectors of 8 numbers, where words have 16.",
            "运行时不带声音：它得到的向量有 8 个数，而词的向量有 16 个。",
        ),
    ],
)
def test_how_inputs_are_made_is_told_in_chinese(english, chinese):
    assert Translator("zh").sentence(english) == chinese
