"""The read-only MCP server over stdio: the tools of ``mcp_tools`` on the official SDK."""

from __future__ import annotations

from pathlib import Path

import anyio
from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server

from shapeflow import __version__
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import json_text
from shapeflow.errors import ExitCode, ShapeflowError
from shapeflow.integrations.mcp_tools import TOOLS, Tool, call
from shapeflow.integrations.trace_folder import Folder

INSTRUCTIONS = (
    "Recorded runs of PyTorch models: every call, op and tensor with its shape, and which tensor went where. "
    "Begin with list_traces, then overview. What a tool says is so in that recorded run; 'undecided' and "
    "'not observed' mean that it cannot be known from it. Nothing here runs a model or writes a file."
)


def serve(root: Path) -> None:
    """Answer on standard input and output until the client goes away.

    Raises:
        InputError: there is no such folder.
    """
    anyio.run(_serve, Folder(root))


async def _serve(folder: Folder) -> None:
    server = server_for(folder)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def server_for(folder: Folder) -> Server[dict[str, object]]:
    """Return a server whose tools read below a folder."""

    async def tools(
        context: ServerRequestContext[dict[str, object]], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS.values()])

    async def answer(
        context: ServerRequestContext[dict[str, object]], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        return _answered(folder, params)

    return Server(
        "shapeflow",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=tools,
        on_call_tool=answer,
    )


def _described(tool: Tool) -> types.Tool:
    reads = types.ToolAnnotations(
        title=tool.title,
        read_only_hint=True,
        destructive_hint=False,
        idempotent_hint=True,
        open_world_hint=False,
    )
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.text,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=reads,
    )


def _answered(folder: Folder, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Return what a tool answers, or its error as one that the caller can read and mend."""
    try:
        with collection_paused():
            data = call(folder, params.name, params.arguments or {})
    except ShapeflowError as error:
        return _failed(error)
    except Exception as error:
        what = f"shapeflow itself failed: {type(error).__name__}"
        bug = ShapeflowError("our-bug", what, where=f"tool {params.name}", because=str(error)[:200])
        bug.exit_code = ExitCode.OUR_BUG
        return _failed(bug)
    text = data["text"] if params.name == "overview" else json_text(data)
    return types.CallToolResult(content=[_text(text)], structured_content=data)


def _failed(error: ShapeflowError) -> types.CallToolResult:
    return types.CallToolResult(
        content=[_text(error.render())], structured_content=error.data(), is_error=True
    )


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)
