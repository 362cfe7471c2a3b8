"""The MCP server, asked by the SDK's own client over stdio, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import jsonschema
import pytest
from message_cases import prepare
from places import DOCS, ROOT
from walkthroughs import document_of

from shapeflow.cli import main
from shapeflow.errors import InputError, ShapeflowError
from shapeflow.integrations import mcp_tools
from shapeflow.integrations.mcp_tools import TOOLS, call
from shapeflow.integrations.trace_folder import Folder

T = {"trace": "t.trace.json"}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
FINE = "mask_head:out  [1, 10, 14, 14]"


@pytest.fixture(scope="module")
def root(tmp_path_factory, sample):
    outside = tmp_path_factory.mktemp("mcp")
    root = outside / "traces"
    root.mkdir()
    prepare(root)
    (root / "runs").mkdir()
    sample.save(root / "runs" / "second.trace.json.gz")
    (root / "wrong.md").write_text(document_of(FINE, "mask_head:out  [1, 10, 14, 28]"))
    sample.save(outside / "secret.trace.json")
    (outside / "secret.md").write_text(document_of(FINE))
    (root / "link.trace.json").symlink_to(outside / "secret.trace.json")
    (root / "folder").symlink_to(outside)
    (root / "loop.trace.json").symlink_to(root / "loop.trace.json")
    return root


def ask(root: Path, *questions: tuple[str, dict]) -> list:
    """Ask over stdio; return what the server lists, and the result of each question."""
    from mcp import ClientSession, StdioServerParameters, stdio_client

    async def work():
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "shapeflow", "mcp", str(root)], env=ENVIRONMENT
        )
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            listed = await session.list_tools()
            return [listed, *[await session.call_tool(name, given) for name, given in questions]]

    # A thread of its own: a browser of other tests may have left a running loop in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, work).result()


QUESTIONS = [
    ("list_traces", {}),
    ("overview", T),
    ("overview", {**T, "selector": "encoder", "max_chars": 500}),
    ("show", {**T, "selector": "encoder.layers.*:out"}),
    ("show", {**T, "selector": "mask_head", "what": "producers"}),
    ("show", {"trace": "runs/second.trace.json.gz", "selector": "**", "limit": 3}),
    ("line", {**T, "place": "decoder.py:77"}),
    ("line", {**T, "place": "tiny/decoder.py:boxes"}),
    ("reaches", {**T, "source": "text:out[0]", "destination": "mask_head"}),
    ("reaches", {**T, "source": "mask_head", "destination": "text"}),
    ("size_origin", {**T, "selector": "encoder:out.memory", "dim": 1}),
    ("is_unused", {**T, "selector": "encoder:out.memory"}),
    ("never_read", T),
    ("lint", T),
    ("lint", {**T, "ignore": "never-used broadcast:encoder", "limit": 1}),
    ("check", {**T, "claims": f"{FINE}\nencoder:out.memory  [1, 195, 16]"}),
    ("check", {**T, "walkthrough": "wrong.md"}),
]

MALFORMED = [
    ("overvew", T, "unknown-tool", "overview"),
    ("show", {**T, "selektor": "encoder"}, "tool-argument", "selector"),
    ("show", T, "tool-argument", "selector: encoder.layers.0:out"),
    ("show", {}, "tool-argument", "trace: sam3.trace.json.gz"),
    ("show", {"trace": 3, "selector": "encoder"}, "tool-argument", ""),
    ("show", {**T, "selector": ["encoder"]}, "tool-argument", ""),
    ("show", {**T, "selector": "encoder", "limit": True}, "tool-argument", ""),
    ("show", {**T, "selector": "encoder", "limit": "5"}, "tool-argument", ""),
    ("show", {**T, "selector": "encoder", "limit": 0}, "tool-argument", ""),
    ("show", {**T, "selector": "encoder", "what": "user"}, "tool-argument", "users"),
    ("show", {**T, "selector": "encodr:out"}, "unknown-path", "encoder"),
    ("show", {**T, "selector": "encoder:out.memry"}, "unknown-port", "encoder:out.memory"),
    ("show", {**T, "selector": ""}, "selector-syntax", ""),
    ("show", {"trace": "t.trace.jsn", "selector": "."}, "file-missing", "t.trace.json"),
    ("show", {"trace": "second.trace.json.gz", "selector": "."}, "file-missing", "runs/second.trace.json.gz"),
    ("show", {"trace": "model.py", "selector": "."}, "file-missing", ""),
    ("show", {"trace": "cut.trace.json", "selector": "."}, "trace-unreadable", None),
    ("line", {**T, "place": "decoder.py:70"}, "unknown-line", "decoder.py:77"),
    ("line", {**T, "place": "decodr.py:77"}, "unknown-file", "tiny/decoder.py:77"),
    ("line", {**T, "place": "encoder:out"}, "tool-argument", ""),
    ("size_origin", {**T, "selector": "encoder:out.memory", "dim": 7}, "no-dim", ""),
    ("overview", {**T, "selector": "encoder:out"}, "no-call", "encoder"),
    ("overview", {**T, "max_chars": 10}, "tool-argument", ""),
    ("lint", {**T, "ignore": "never-usd"}, "unknown-rule", "never-used"),
    ("check", T, "walkthrough-missing", None),
    ("check", {**T, "claims": "x", "walkthrough": "w.md"}, "tool-argument", "two calls"),
    ("check", {**T, "walkthrough": "none.md"}, "no-claims", None),
    ("check", {**T, "walkthrough": "wrog.md"}, "file-missing", "wrong.md"),
    ("check", {**T, "walkthrough": "t.trace.json"}, "file-missing", ""),
]

HOSTILE = [
    "../secret.trace.json",
    "runs/../../secret.trace.json",
    "link.trace.json",
    "folder/secret.trace.json",
    "/etc/passwd",
    "/proc/self/environ",
    "loop.trace.json",
    "a\0b.trace.json",
    "x" * 5000 + ".trace.json",
    "~/x.trace.json",
    "",
    ".",
    "runs",
]


@pytest.mark.slow
def test_the_client_gets_what_the_schemas_say(root):
    listed, *results = ask(root, *QUESTIONS)
    tools = {tool.name: tool for tool in listed.tools}
    assert list(tools) == list(TOOLS)
    for tool in tools.values():
        assert tool.description
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
    for (name, given), result in zip(QUESTIONS, results, strict=True):
        assert not result.is_error, (name, result.content[0].text)
        jsonschema.validate(given, tools[name].input_schema)
        jsonschema.validate(result.structured_content, tools[name].output_schema)
        if name != "overview":
            assert json.loads(result.content[0].text) == result.structured_content


@pytest.mark.slow
def test_malformed_calls_are_errors_with_the_nearest_right_thing(root):
    message = json.loads((DOCS / "message.schema.json").read_text(encoding="utf-8"))
    _, *results = ask(root, *[(name, given) for name, given, _, _ in MALFORMED], ("list_traces", {}))
    for (name, given, code, hint), result in zip(MALFORMED, results, strict=False):
        error = result.structured_content
        jsonschema.validate(error, message)
        assert (result.is_error, error["code"]) == (True, code), (name, given, error)
        if hint is not None:
            assert error["hint"] == (hint or None), (name, given, error)
        assert result.content[0].text == error["text"]
    assert not results[-1].is_error, "it goes on after all of them"


@pytest.mark.slow
def test_nothing_is_read_outside_nor_written(root):
    before = {path: path.stat().st_mtime_ns for path in root.parent.rglob("*") if path.is_file()}
    _, *results = ask(root, *[("show", {"trace": name, "selector": "."}) for name in HOSTILE], *QUESTIONS)
    for name, result in zip(HOSTILE, results, strict=False):
        assert result.is_error, name
        assert result.structured_content["code"] in ("path-outside", "file-missing"), name[:40]
        assert len(result.content[0].text) < 1000
        assert "root:" not in result.content[0].text
    names = {row["trace"] for row in results[len(HOSTILE)].structured_content["traces"]}
    assert {"t.trace.json", "runs/second.trace.json.gz"} <= names
    assert not names & {"link.trace.json", "folder/secret.trace.json", "loop.trace.json"}
    assert {path: path.stat().st_mtime_ns for path in root.parent.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_asking_never_loads_torch(root):
    code = (
        "import sys\nfrom pathlib import Path\nfrom shapeflow.integrations.mcp_server import server_for\n"
        "from shapeflow.integrations.trace_folder import Folder\n"
        "from shapeflow.integrations.mcp_tools import call\n"
        f"folder = Folder(Path({str(root)!r}))\nserver_for(folder)\n"
        f"for name, given in {QUESTIONS!r}:\n    call(folder, name, given)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=ENVIRONMENT)


def test_what_tools_say_is_what_commands_say(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    folder = Folder(root)

    def printed(*words: str) -> list:
        main(["show", "t.trace.json", *words, "--json"])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert call(folder, *QUESTIONS[3])["rows"] == printed("encoder.layers.*:out")
    assert call(folder, *QUESTIONS[6])["lines"] == printed("decoder.py:77")
    assert [call(folder, *QUESTIONS[8])] == printed("text:out[0]", "--reaches", "mask_head")
    assert [call(folder, *QUESTIONS[10])] == printed("encoder:out.memory", "--size", "1")
    assert [call(folder, *QUESTIONS[11])] == printed("encoder:out.memory", "--unused")
    assert call(folder, *QUESTIONS[12])["rows"] == printed("--unused")


def test_limits_say_what_is_left_out(root):
    folder = Folder(root)
    whole = call(folder, "show", {**T, "selector": "**", "limit": 1000})
    part = call(folder, "show", {**T, "selector": "**", "limit": 2})
    assert part["rows"] == whole["rows"][:2]
    assert part["left_out"] == len(whole["rows"]) - 2
    assert whole["left_out"] == 0


def test_claims_of_a_call_are_all_told_and_those_of_a_document_where_they_fail(root):
    folder = Folder(root)
    own = call(folder, "check", {**T, "claims": f"{FINE}\nencoder:out.memory  [1, 195, 16]"})
    assert [verdict["passed"] for verdict in own["verdicts"]] == [True, False]
    document = call(folder, "check", {**T, "walkthrough": "wrong.md"})
    assert (document["passed"], document["counts"]) == (False, {"holds": 1, "contradicted": 1})
    (verdict,) = document["verdicts"]
    assert verdict["where"].startswith("wrong.md:"), "names only, no places on this machine"
    fenced = call(folder, "check", {**T, "claims": f"# A\n\n```shapes\n{FINE}\n```\n"})
    assert fenced["passed"]


def test_a_trace_that_is_written_again_is_read_again(root, sample, tmp_path):
    folder = Folder(tmp_path)
    shutil.copy(root / "t.trace.json", tmp_path / "a.trace.json")
    assert folder.trace("a.trace.json") is folder.trace("a.trace.json")
    first = folder.trace("a.trace.json")
    os.utime(tmp_path / "a.trace.json", ns=(1, 1))
    assert folder.trace("a.trace.json") is not first
    for number in range(6):
        shutil.copy(root / "t.trace.json", tmp_path / f"{number}.trace.json")
        folder.trace(f"{number}.trace.json")
    assert len(folder._traces) == 4


def test_every_parameter_is_explained_and_defaults_fit():
    for tool in TOOLS.values():
        for parameter in tool.parameters:
            assert parameter.text.endswith("."), (tool.name, parameter.name)
            if parameter.default is not None:
                jsonschema.validate(parameter.default, parameter.schema)
            if parameter.example and parameter.type == "string":
                jsonschema.validate(parameter.example, parameter.schema)


def test_a_bug_of_ours_is_a_tool_error(root, monkeypatch):
    from mcp import types

    from shapeflow.integrations import mcp_server

    def broken(*_):
        raise ZeroDivisionError("one by nothing")

    monkeypatch.setattr(mcp_server, "call", broken)
    params = types.CallToolRequestParams(name="show", arguments={})
    result = mcp_server._answered(Folder(root), params)
    assert result.is_error
    assert (result.structured_content["code"], result.structured_content["exit"]) == ("our-bug", 4)


def test_the_folder_has_to_be_one(tmp_path, capsys):
    with pytest.raises(InputError):
        Folder(tmp_path / "nowhere")
    assert main(["mcp", str(tmp_path / "nowhere"), "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["code"] == "file-missing"


def test_without_the_sdk_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("shapeflow.commands.mcp.find_spec", lambda name: None)
    assert main(["mcp"]) == 2
    assert "pip install 'shapeflow[mcp]'" in capsys.readouterr().err


def test_an_unknown_tool_is_met_with_the_nearest(root):
    with pytest.raises(ShapeflowError) as caught:
        call(Folder(root), "size_orign", {})
    assert caught.value.hint == "size_origin"
    assert mcp_tools.TOOLS[caught.value.hint]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a POSIX system is needed")
def test_it_ends_with_its_client_and_on_ctrl_c(root):
    command = [sys.executable, "-m", "shapeflow", "mcp", str(root)]
    done = subprocess.run(
        command, input=b"no json\n", env=ENVIRONMENT, timeout=60, check=False, capture_output=True
    )
    assert done.returncode == 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as server:
        request = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        }
        assert server.stdin and server.stdout
        server.stdin.write(json.dumps(request).encode() + b"\n")
        server.stdin.flush()
        assert json.loads(server.stdout.readline())["result"]["serverInfo"]["name"] == "shapeflow"
        time.sleep(0.1)
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 130
