"""The report as data: what it says before anything is drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from builders import TraceBuilder, sample_trace
from report_samples import DOT_PNG, PIXEL, WALKTHROUGH, crashed, detector, hostile, write_walkthrough

from shapeflow.common.units import format_bytes, format_count, format_percent
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Run, Source
from shapeflow.model.trace import Trace
from shapeflow.reporting import words as words_tables
from shapeflow.reporting.formats.prose import Prose
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.size_origins import size_origins
from shapeflow.reporting.view.sources import CONTEXT, SourcePiece, Sources, colour
from shapeflow.reporting.view.stage_sections import quoted
from shapeflow.reporting.view.summary import picture_of
from shapeflow.reporting.words import LANGUAGES, TABLE
from shapeflow.walkthrough.check import check


@pytest.fixture(scope="module")
def trace():
    return detector()


@pytest.fixture(scope="module")
def view(trace, tmp_path_factory):
    path = write_walkthrough(tmp_path_factory.mktemp("walkthrough"))
    return build(trace, check(trace, path), folders=[])


def text(pieces) -> str:
    return "".join(piece.text for piece in pieces)


def section(view, name):
    return next(section for section in view.sections if section.id == name)


def test_the_first_sentence_counts(view):
    assert [count.text for count in view.headline] == [
        "11 of 13 hold",
        "2 differ",
        "1 known mistake of another text is refuted",
        "2 outputs are never read",
    ]
    assert [count.filter for count in view.headline] == ["good", "bad", "corrections", "unused"]


def test_sections_follow_the_document(view):
    assert [section.title for section in view.sections if section.title] == [
        "1 Image",
        "1.1 Trunk",
        "1.2 Pyramid",
        "2 Decoder",
        "3 Masks",
    ]
    assert view.sections[0].title == "", "the document's own title is the page's"
    assert [section.mark for section in view.sections] == ["plain", "plain", "good", "good", "bad", "good"]


def test_sections_say_what_their_claims_guard(view, trace, tmp_path):
    assert section(view, "1-1-trunk").guards == "7 calls, 7 ports, 28 sizes"
    chinese = build(trace, check(trace, write_walkthrough(tmp_path)), folders=[], language="zh")
    assert section(chinese, "1-1-trunk").guards == "7 次调用、7 个端口、28 个尺寸"
    assert {section.guards for section in build(trace, folders=[]).sections} == {""}


def test_the_explorer_has_what_is_guarded_of_each_call(view, trace):
    covered = view.explorer["calls"]["covered"]
    numbers = (
        [covered["dictionary"][at] for at in covered["indices"]] if isinstance(covered, dict) else covered
    )
    shares = {call.name: number for call, number in zip(trace.calls, numbers, strict=True)}
    assert 0 < shares["backbone.vision_backbone.trunk"] < 100
    known = [number for number in numbers if number is not None]
    assert 0 <= min(known) < max(known) <= 100
    alone = build(trace, folders=[]).explorer["calls"]["covered"]
    assert set(alone["dictionary"] if isinstance(alone, dict) else alone) == {None}


def test_a_claim_carries_verdict_shape_evidence_producer_and_users(view):
    claim = section(view, "1-2-pyramid").blocks[0].claims[0]
    assert claim.anchor.startswith("claim-backbone-vision-backbone-convs-0-out")
    assert (claim.status, claim.tone, claim.passed) == ("holds", "good", True)
    assert text(claim.found) == "f32[1, 16, 32, 32]"
    assert [piece.symbol for piece in claim.found if piece.symbol] == ["B", "C"]
    (entry,) = claim.evidence
    assert entry.selector == "backbone.vision_backbone.convs.0@0:out"
    assert entry.made_by.text == "backbone.vision_backbone.convs.0/interpolate"
    assert [link.text for link in entry.used_by] == ["mask_head/einsum"]
    assert entry.source.place == "tiny/neck.py:20"


def test_claims_that_differ_say_what_was_expected(view):
    wrong, unknown = section(view, "2-decoder").blocks[-1].claims[1:]
    assert (wrong.tone, text(wrong.found)) == ("bad", "f32[1, 10, 16]   dim 2 differs")
    assert "12" in wrong.expected
    assert unknown.status == "invalid"


def test_corrections_are_gathered(view):
    (correction,) = view.corrections
    assert (correction.said, correction.tone) == ("2.3 all levels are used", "said")
    assert view.tally("said") == 1
    assert view.tally("all") == 14


def test_symbols_have_size_expression_and_meaning(view):
    assert [(symbol.text, symbol.meaning, symbol.telling) for symbol in view.symbols] == [
        ("B = 1", "", False),
        ("S = 32", "side of the picture", False),
        ("G = 8 = 32 / 4", "patches a side", False),
        ("N = 64 = 8 * 8", "image tokens", True),
        ("C = 16", "channels", False),
    ]
    assert len({symbol.colour for symbol in view.symbols}) == 5


def test_attention_shows_its_sizes_fused_and_written_out(view):
    usual, other = section(view, "1-1-trunk").attention
    assert (usual.times, usual.heads, usual.queries, usual.keys, usual.width) == ("5 calls", 2, 64, 64, 8)
    assert (usual.score, usual.built) == ("f32[1, 2, 64, 64]", False)
    assert (other.times, other.heads) == ("1 call", 4)
    (written,) = section(view, "2-decoder").attention
    assert (written.queries, written.keys, written.width, written.built) == (10, 64, 16, True)
    assert written.title == "attn"


def test_feature_maps_are_sheets_to_scale(view):
    sheets = section(view, "1-2-pyramid").sheets
    assert [(sheet.height, sheet.channels, sheet.unused) for sheet in sheets] == [
        (32, 16, False),
        (16, 16, True),
        (8, 16, False),
        (4, 16, True),
    ]


def test_figures_belong_to_the_sections_that_speak_of_the_calls(view):
    assert "blocks.0" in section(view, "1-1-trunk").drawing.mermaid
    assert section(view, "1-image").drawing is None
    assert "result" in view.overview.mermaid


def test_numbers_add_up(view, trace):
    numbers = view.numbers
    assert numbers.parameters == 1_000_000
    plain = [row for row in numbers.rows if not row.is_sum]
    assert sum(row.flops for row in plain) == numbers.flops == sum(op.flops for op in trace.ops)
    assert sum(row.parameters for row in plain) == numbers.parameters
    assert numbers.wasted_flops == 128
    assert numbers.memory.peak_text == "64.0 KiB"
    assert len(numbers.memory.points) <= 321
    assert [link.selector for link in numbers.unused] == [
        "backbone.vision_backbone.convs.1@0:out",
        "backbone.vision_backbone.convs.3@0:out",
    ]


def test_calls_that_no_claim_speaks_of_are_listed(trace, tmp_path):
    few = "# Little\n\n```shapes\nmask_head:out  [1, 10, 32, 32]\n```\n"
    view = build(trace, check(trace, write_walkthrough(tmp_path, few)), folders=[])
    assert [link.text for link in view.uncovered] == ["backbone.forward_image()@0", "decoder@0"]


def test_without_a_walkthrough_there_is_a_section_a_stage(trace):
    view = build(trace, folders=[])
    assert view.title == "Detector"
    titles = [section.title for section in view.sections]
    assert titles[:2] == ["`backbone.forward_image()` · Backbone", "`vision_backbone` · Neck"]
    assert "`decoder` · Decoder" in titles
    neck = view.sections[1]
    assert [port.name for port in neck.ports] == ["in[0]", "out[0]", "out[1]", "out[2]", "out[3]"]
    assert [part.name for part in neck.parts] == ["trunk", "convs.0", "convs.1", "convs.2", "convs.3"]
    assert [symbol.name for symbol in view.symbols][:5] == ["B", "H", "W", "16", "64"]
    assert view.uncovered == ()


def test_a_crash_says_where_with_what(trace):
    failure = build(crashed(), folders=[]).failure
    assert failure.what == "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x128 and 64x8)"
    assert failure.call.selector == "decoder@0"
    assert failure.op.text == "decoder/linear"
    assert failure.inputs == ("in[0] = f32[1, 128]", "in[1] = f32[1, 128]")
    assert failure.source.lines[0].meant


@pytest.mark.parametrize("make", [sample_trace, hostile, crashed])
@pytest.mark.parametrize("language", LANGUAGES)
def test_any_trace_gives_a_view(make, language):
    assert build(make(), language=language, folders=[]).headline


def test_a_trace_of_nothing_gives_a_view():
    view = build(Trace(Run("python", "", "meta")), folders=[])
    assert view.title == "shapeflow"
    assert view.numbers.memory is None


def test_a_real_run_does_not_claim_to_be_shapes_only(trace):
    real = replace(trace, run=replace(trace.run, device="cpu"))
    facts = {fact.label: fact.text for fact in build(real, folders=[]).facts}
    assert facts["Device"] == "cpu"


def test_facts_leave_empty_inputs_out_and_pictures_aside(trace):
    inputs = {**trace.run.inputs, "checkpoint": None, "boxes": []}
    facts = {f.label: f.text for f in build(replace(trace, run=replace(trace.run, inputs=inputs))).facts}
    given = "images: file bus.jpg, size 640 × 480 · prompt: yellow school bus"
    assert facts["Inputs"] == f"image f32[1, 3, 32, 32] · {given}"


def test_the_picture_with_boxes_and_masks(trace):
    picture = picture_of(trace)
    assert picture.data.startswith("data:image/jpeg;base64,")
    assert picture.boxes == (pytest.approx((0.3, 0.4, 0.4, 0.2, True)),)
    masked = {**trace.run.inputs, "masks": DOT_PNG}
    assert picture_of(replace(trace, run=replace(trace.run, inputs=masked))).masks.startswith(
        "data:image/png"
    )


@pytest.mark.parametrize(
    "data", ['x" onerror="', "javascript:alert(1)", "aGVsbG8=", "", None, 7, "PHN2Zz48L3N2Zz4="]
)
def test_what_is_no_picture_is_not_shown(trace, data):
    inputs = {**trace.run.inputs, "thumbnail": data}
    assert picture_of(replace(trace, run=replace(trace.run, inputs=inputs))) is None
    assert picture_of(replace(trace, run=replace(trace.run, inputs={"thumbnail": PIXEL}))) is not None


# -- where sizes come from ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "inputs", "output", "size", "reason"),
    [
        ("flatten", ["f32[1, 256, 72, 71]"], "f32[1, 256, 5112]", 5112, "72 * 71"),
        ("cat", ["f32[32, 1]", "f32[3, 1]"], "f32[35, 1]", 35, "32 + 3"),
        ("conv2d", ["f32[1, 3, 96, 96]"], "f32[1, 7, 24, 23]", 24, "conv2d of [1, 3, 96, 96]"),
        ("reshape", ["f32[10, 96]"], "f32[10, 8, 12]", 12, "reshape of [10, 96]"),
        ("stack", ["f32[5]", "f32[5]", "f32[5]"], "f32[3, 5]", 3, "3 together"),
    ],
)
def test_a_size_is_explained(target, inputs, output, size, reason):
    build_trace = TraceBuilder()
    values = [build_trace.input(text, f"in[{n}]") for n, text in enumerate(inputs)]
    with build_trace.call("layer", *values):
        build_trace.op(target, values, output)
    trace = build_trace.trace()
    assert size_origins(trace, ExactNames(trace))[size] == (f"layer/{target}@0", reason)


def test_a_size_of_a_parameter_or_an_argument_says_so():
    build_trace = TraceBuilder()
    x = build_trace.input("f32[4, 8]")
    weight = build_trace.parameter("layer.weight", "f32[100, 8]")
    with build_trace.call("layer", x):
        y = build_trace.op("linear", [x, weight], "f32[4, 100]")
        build_trace.op("view", [y, 4, 4, 25], "f32[4, 4, 25]")
    trace = build_trace.trace()
    origins = size_origins(trace, ExactNames(trace))
    assert origins[100] == ("layer/linear@0", "layer.weight f32[100, 8]")
    assert origins[25] == ("layer/view@0", "100 / 4")
    assert origins[8][1] == "in[0] f32[4, 8]"


# -- source lines -------------------------------------------------------------------------------


def source_view(folder, file="pkg/model.py", line=3, text="y = x + 1"):
    trace = Trace(Run("python", "x", "meta"), sources=(Source(file, line, "forward", text),))
    return Sources(trace, [str(folder)]).view(0)


@pytest.fixture
def package(tmp_path):
    (tmp_path / "lib" / "pkg").mkdir(parents=True)
    (tmp_path / "lib" / "pkg" / "model.py").write_text("import os\n\n    y = x + 1\nz = '''\nend'''\n")
    (tmp_path / "secret.py").write_text("password = 1\n")
    return tmp_path / "lib"


def test_lines_around_the_one_that_is_meant_are_shown_in_colour(package):
    view = source_view(package)
    assert view.installed
    assert [line.number for line in view.lines] == [1, 2, 3, 4, 5]
    assert [line.meant for line in view.lines] == [False, False, True, False, False]
    assert ("kn", "import") in view.lines[0].tokens
    assert "".join(text for _, text in view.lines[2].tokens) == "    y = x + 1"


@pytest.mark.parametrize("text", ["y = x + 2", ""])
def test_another_version_of_the_file_shows_the_stored_line_only(package, text):
    view = source_view(package, text=text)
    assert not view.installed
    assert len(view.lines) == 1


@pytest.mark.parametrize(
    "file",
    ["../secret.py", "/etc/passwd", "pkg/../../secret.py", "..\\secret.py", "pkg/model.txt", "", "\0.py"],
)
def test_a_trace_cannot_make_us_read_other_files(package, file):
    view = source_view(package, file=file, line=1, text="password = 1")
    assert not view.installed


def test_a_link_out_of_the_folder_is_not_followed(package):
    (package / "pkg" / "link.py").symlink_to(package.parent / "secret.py")
    assert not source_view(package, file="pkg/link.py", line=1, text="password = 1").installed


# -- words ----------------------------------------------------------------------------------------


def test_both_languages_have_all_words_and_the_same_holes():
    import re

    for key, (english, chinese) in TABLE.items():
        assert (english and chinese) or key == "sentence-gap", key  # Chinese has no space there
        holes = [set(re.findall(r"\{(\w+)\}", part)) for part in (*english.split("|"), chinese)]
        assert all(hole == holes[0] for hole in holes), key


def test_no_two_tables_of_words_have_the_same_key():
    names = [module.name for module in iter_modules(words_tables.__path__) if not module.ispkg]
    tables = [import_module(f"{words_tables.__name__}.{name}") for name in names]
    assert sum(len(table.TABLE) for table in tables) == len(TABLE)


def test_words_with_numbers_have_singular_and_plural():
    words = Translator("en")
    assert words("n-calls", n=1) == "1 call"
    assert words("n-calls", n=1200) == "1,200 calls"
    assert Translator("zh")("n-calls", n=1) == "1 次调用"


@pytest.mark.parametrize(
    ("function", "number", "expected"),
    [
        (format_count, 840_509_750, "841 M"),
        (format_count, 512, "512"),
        (format_count, 6.06e12, "6.06 T"),
        (format_bytes, 618_574_137, "590 MiB"),
        (format_bytes, 24, "24 B"),
        (format_percent, 0.0004, "< 0.1 %"),
        (format_percent, 0.891, "89.1 %"),
        (format_percent, 0.0, "0.0 %"),
    ],
)
def test_amounts_are_short(function, number, expected):
    assert function(number) == expected


def test_the_walkthrough_of_the_tests_has_every_kind_of_thing():
    assert all(part in WALKTHROUGH for part in ("$$", "```python", "| step |", "said", "unused"))


def test_a_name_with_markup_stays_text_in_a_heading() -> None:
    name = "a`b`.*c*.$d$.[e](f).<g>.h_i_j \\"
    shown = Prose(Colours(())).inline(quoted(name))
    assert unescape(re.sub(r"<wbr>|</?code>", "", shown)) == name


def test_lines_are_coloured_as_in_the_whole_file() -> None:
    for file in (Path(__file__), Path(re.__file__), Path(pytest.__file__)):
        lines = file.read_text(encoding="utf-8").split("\n")
        whole = colour(lines)
        for apart in (3, 3 * CONTEXT):  # what is shown is one stretch, or many with gaps between them
            meant = range(1, len(lines) + 1, apart)
            source = SourcePiece(lines, 1, meant)
            for line in meant:
                first, last = max(1, line - CONTEXT), min(len(lines), line + CONTEXT)
                assert source.coloured(first, last) == whole[first - 1 : last], (file, line)
