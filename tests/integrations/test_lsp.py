"""The language server, asked by pygls' own client over stdio, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import linecache
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from places import ROOT

from shapeflow.cli import main
from shapeflow.integrations.lsp_files import Files

NET = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 4), nn.Linear(4, 4)

    def forward(self, x, flag=False):
        a = self.first(x)
        b = self.second(a)  # f32[2, 5]
        q, k = a.chunk(2, dim=1)  # q f32[2, 2], k f32[2, 2]
        if flag:
            e = self.second(a)
        return torch.relu(a)


def build():
    return Net(), (torch.ones(2, 8),)
""".replace("😀", "b")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    sys.modules.pop("net", None)
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
    return tmp_path


def talk(folder: Path, conversation):
    """Start the server and have a client speak with it; return what the conversation returns."""
    types = pytest.importorskip("lsprotocol.types")
    from pygls.lsp.client import LanguageClient

    async def work():
        client = LanguageClient("test", "1")
        client.marks = asyncio.Queue()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def marks(params):
            client.marks.put_nowait(params.diagnostics)

        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await client.start_io(sys.executable, "-m", "shapeflow", "lsp", "--stdio", env=environment, cwd="/")
        await client.initialize_async(
            types.InitializeParams(
                types.ClientCapabilities(),
                workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "test")],
            )
        )
        client.initialized(types.InitializedParams())
        try:
            return await asyncio.wait_for(conversation(client, types), 60)
        finally:
            await client.shutdown_async(None)
            client.exit(None)
            await client.stop()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work()).result()


def opened(client, types, path: Path, text: str | None = None):
    item = types.TextDocumentItem(path.as_uri(), "python", 1, text or path.read_text())
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return types.TextDocumentIdentifier(path.as_uri())


async def hints_of(client, types, document, first=0, last=999):
    span = types.Range(types.Position(first, 0), types.Position(last, 0))
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, span))
    return {hint.position.line + 1: hint.label for hint in hints}


def test_shapes_stand_behind_the_lines(folder):
    async def conversation(client, types):
        document = opened(client, types, folder / "net.py")
        every = await hints_of(client, types, document)
        return every, await hints_of(client, types, document, 9, 11)

    every, some = talk(folder, conversation)
    assert every == {10: "x f32[2, 8]", 11: "f32[2, 4]", 12: "f32[2, 4]", 16: "f32[2, 4]"}
    assert some == {line: every[line] for line in (10, 11, 12)}


def test_a_hover_tells_more(folder):
    async def conversation(client, types):
        document = opened(client, types, folder / "net.py")

        async def at(line):
            found = await client.text_document_hover_async(
                types.HoverParams(document, types.Position(line - 1, 9))
            )
            return found and found.contents.value

        return [await at(line) for line in (11, 13, 15, 1)]

    first, two, never, nothing = talk(folder, conversation)
    assert "`a  f32[2, 4]`" in first
    assert "at `first@0:out`" in first
    assert "`net.trace.json`" in first
    assert "`q  f32[2, 2]`" in two
    assert "never ran" in never
    assert nothing is None


def test_a_wrong_comment_is_marked_and_mended(folder):
    async def conversation(client, types):
        document = opened(client, types, folder / "net.py")
        marks = await client.marks.get()
        context = types.CodeActionContext(marks)
        found = await client.text_document_code_action_async(
            types.CodeActionParams(document, marks[0].range, context)
        )
        return marks, found

    [mark], [mend, all_of_them] = talk(folder, conversation)
    assert mark.message == "the run made f32[2, 4]"
    line = NET.split("\n")[mark.range.start.line]
    assert line[mark.range.start.character : mark.range.end.character] == "# f32[2, 5]"
    [edit] = next(iter(mend.edit.changes.values()))
    assert (edit.new_text, edit.range) == ("# f32[2, 4]", mark.range)
    edits = next(iter(all_of_them.edit.changes.values()))
    assert [edit.range.start.line + 1 for edit in edits] == [10, 11, 12, 16]


def test_after_an_edit_lines_keep_what_they_made_and_comments_are_not_judged(folder):
    edited = NET.replace("        a = self.first(x)\n", "        x = x + 1\n        a = self.first(x)\n")

    async def conversation(client, types):
        document = opened(client, types, folder / "net.py", edited)
        return await client.marks.get(), await hints_of(client, types, document)

    marks, hints = talk(folder, conversation)
    assert list(marks) == []
    assert hints[12] == "was f32[2, 4]"
    assert 11 not in hints


def test_a_new_trace_counts_at_once(folder):
    async def conversation(client, types):
        document = opened(client, types, folder / "net.py")
        before = await hints_of(client, types, document)
        text = (folder / "net.trace.json").read_text().replace("[2,4]", "[2,7]").replace("[2, 4]", "[2, 7]")
        (folder / "later.trace.json").write_text(text)
        os.utime(folder / "later.trace.json", (4_000_000_000, 4_000_000_000))
        return before, await hints_of(client, types, document)

    before, after = talk(folder, conversation)
    assert (before[11], after[11]) == ("f32[2, 4]", "f32[2, 7]")


def test_columns_are_those_of_the_editor(folder):
    path = folder / "net.py"
    path.write_text(NET.replace("a = self.first(x)", "a = self.first(x)  # 😀 f32[2, 5]  # f32[2, 5]"))
    sys.modules.pop("net", None)
    linecache.clearcache()
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0

    async def conversation(client, types):
        opened(client, types, path)
        return await client.marks.get()

    first, *_ = talk(folder, conversation)
    line = path.read_text().split("\n")[10].encode("utf-16-le")
    marked = line[2 * first.range.start.character : 2 * first.range.end.character].decode("utf-16-le")
    assert marked == "# f32[2, 5]"


@pytest.mark.parametrize(
    ("line", "end"),
    [("\f", "\n"), ("# one\u2028two\x85three\x0bfour", "\n"), ("#", "\r\n"), ("#", "\r")],
    ids=["form-feed", "other-ends", "crlf", "cr"],
)
def test_lines_end_where_they_do_for_the_editor(folder, line, end):
    text = f"{line}\n{NET}".replace("\n", end)
    (folder / "net.py").write_bytes(text.encode())
    sys.modules.pop("net", None)
    linecache.clearcache()
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0

    async def conversation(client, types):
        document = opened(client, types, folder / "net.py", f"\ufeff{text}")
        [mark, *_] = await client.marks.get()
        span = types.Range(types.Position(0, 0), types.Position(99, 0))
        hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, span))
        return mark.range, {hint.position.line: (hint.position.character, hint.label) for hint in hints}

    marked, hints = talk(folder, conversation)
    lines = text.split(end)
    assert lines[marked.start.line][marked.start.character : marked.end.character] == "# f32[2, 5]"
    place = lines.index("        a = self.first(x)")
    assert hints[place] == (len(lines[place]), "f32[2, 4]")


@pytest.mark.parametrize("text", ["", "def broken(:\n", "\x00", "x = 1\r\ny = 2\r\n"])
def test_any_text_and_any_trace_is_met_without_an_error(folder, text):
    (folder / "bad.trace.json").write_text("{")
    os.utime(folder / "bad.trace.json", (4_000_000_000, 4_000_000_000))
    assert Files([folder, folder / "missing"]).shown(folder / "net.py", text) is None
    assert Files([folder]).shown(folder / "other.py", text) is None


def test_a_file_that_is_being_written_keeps_what_is_still_there(folder):
    half = NET[: NET.index("        if flag")] + "        if fl"
    shown = Files([folder]).shown(folder / "net.py", half)
    assert shown is not None
    assert {line: label for line, label, _ in shown.hints()}[11] == "was f32[2, 4]"
    assert shown.wrong == []


def test_a_trace_that_is_half_written_leaves_the_one_before(folder):
    whole = (folder / "net.trace.json").read_text()
    files = Files([folder])
    for text in ("", whole[: len(whole) // 2], "not a trace"):
        (folder / "later.trace.json").write_text(text)
        os.utime(folder / "later.trace.json", (4_000_000_000, 4_000_000_000))
        shown = files.shown(folder / "net.py", NET)
        assert shown is not None
        assert shown.name == "net.trace.json"
    (folder / "later.trace.json").write_text(whole)
    os.utime(folder / "later.trace.json", (4_000_000_001, 4_000_000_001))
    shown = files.shown(folder / "net.py", NET)
    assert shown is not None
    assert shown.name == "later.trace.json"


def test_files_of_one_name_in_two_projects_have_their_own_traces(folder):
    other = folder / "other"
    other.mkdir()
    text = (
        NET.replace("8, 4", "8, 6")
        .replace("4, 4", "6, 6")
        .replace("a = self.first(x)", "a = self.first(x) * 1")
    )
    (other / "net.py").write_text(text)
    sys.modules.pop("net", None)
    os.chdir(other)
    linecache.clearcache()
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
    os.utime(other / "net.trace.json", (4_000_000_000, 4_000_000_000))
    for roots in ([folder], [folder, other], [other, folder]):
        files = Files(roots)
        mine, theirs = files.shown(folder / "net.py", NET), files.shown(other / "net.py", text)
        assert mine is not None and theirs is not None
        assert (mine.changed, theirs.changed) == (False, False)
        assert {label for _, label, _ in mine.hints()} >= {"f32[2, 4]"}
        assert {label for _, label, _ in theirs.hints()} >= {"f32[2, 6]"}


def test_the_trace_of_a_crash_tells_what_ran_before_it(folder):
    broken = NET.replace("return torch.relu(a)", "return self.second(torch.cat([a, a], 1))")
    (folder / "net.py").write_text(broken)
    sys.modules.pop("net", None)
    linecache.clearcache()
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 3
    shown = Files([folder]).shown(folder / "net.py", broken)
    assert shown is not None
    assert {line: label for line, label, _ in shown.hints()}[11] == "f32[2, 4]"
    assert shown.about(15) == ""


def test_the_editor_is_asked_to_watch_traces_and_to_ask_again(folder):
    types = pytest.importorskip("lsprotocol.types")
    from pygls.lsp.client import LanguageClient

    async def work():
        client = LanguageClient("test", "1")
        asked: asyncio.Queue = asyncio.Queue()

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params):
            asked.put_nowait([one.register_options for one in params.registrations])

        @client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
        def refresh(params):
            asked.put_nowait("again")

        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await client.start_io(sys.executable, "-m", "shapeflow", "lsp", env=environment, cwd="/")
        watching = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        refreshing = types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
        can = types.WorkspaceClientCapabilities(did_change_watched_files=watching, inlay_hint=refreshing)
        await client.initialize_async(types.InitializeParams(types.ClientCapabilities(workspace=can)))
        client.initialized(types.InitializedParams())
        first = await asyncio.wait_for(asked.get(), 30)
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
        again = await asyncio.wait_for(asked.get(), 30)
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()
        return str(first), again

    with ThreadPoolExecutor(1) as thread:
        first, again = thread.submit(asyncio.run, work()).result()
    assert "*.trace.json" in first
    assert again == "again"


def test_a_file_that_is_not_there_gets_nothing_and_the_end_is_quiet(folder):
    async def conversation(client, types):
        missing = types.TextDocumentIdentifier((folder / "missing.py").as_uri())
        return await hints_of(client, types, missing)

    assert talk(folder, conversation) == {}
    talk_of_the_end = subprocess.run(
        [sys.executable, "-m", "shapeflow", "lsp"],
        input=_message("initialize", 1, {"capabilities": {}}) + _message("shutdown", 2) + _message("exit"),
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert talk_of_the_end.returncode == 0
    assert b"Traceback" not in talk_of_the_end.stderr


def _message(method: str, number: int | None = None, params: object = None) -> bytes:
    body = {"jsonrpc": "2.0", "method": method, "params": params}
    text = json.dumps(body if number is None else {**body, "id": number}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(text), text)


def test_without_the_package_what_to_install_is_said(monkeypatch, capsys):
    monkeypatch.setattr("shapeflow.commands.lsp.find_spec", lambda name: None)
    assert main(["lsp"]) == 2
    assert "shapeflow[lsp]" in capsys.readouterr().err


def test_a_folder_that_is_not_there(capsys, tmp_path):
    assert main(["lsp", str(tmp_path / "missing")]) == 2
    assert "no folder" in capsys.readouterr().err
