"""The language server over stdio: shapes behind lines, hovers, wrong comments and their repair; on pygls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec, TextDocument

from shapeflow import __version__
from shapeflow.integrations.lsp_files import Files, Shown
from shapeflow.integrations.trace_folder import TRACES
from shapeflow.source.comments import MARK, Remark

SOURCE = "shapeflow"
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def serve(folder: Path | None) -> None:
    """Answer on standard input and output until the editor goes away.

    Args:
        folder: where traces are; None: in the folders that the editor has opened.
    """
    server_for(folder).start_io()


def server_for(folder: Path | None) -> LanguageServer:
    """Return a server that tells what the newest trace of a file says."""
    # Whole texts, since pygls counts lines otherwise than editors do where it puts changes into one.
    server = LanguageServer(SOURCE, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
    kept: dict[tuple[Path, ...], Files] = {}
    """Traces are read once as long as the folders that are open are the same."""

    def shown(uri: str) -> tuple[_Text, Shown | None]:
        document = server.workspace.get_text_document(uri)
        path = to_fs_path(uri)
        roots = (folder,) if folder else tuple(Path(root) for root in _opened(server))
        if roots not in kept:
            kept.clear()
            kept[roots] = Files(roots)
        try:
            text = _Text(document)
        except (OSError, UnicodeError):
            return _Text(), None  # nothing is there, or no text
        return text, kept[roots].shown(Path(path), "\n".join(text.lines)) if path else None

    def mark(uri: str) -> None:
        text, file = shown(uri)
        found = [_diagnostic(text, remark) for remark in file.wrong] if file else []
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=found))

    _watch(server, mark)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def hints(params: types.InlayHintParams) -> list[types.InlayHint]:
        text, file = shown(params.text_document.uri)
        span = range(params.range.start.line, params.range.end.line + 1)
        told = file.hints() if file else ()
        return [_hint(text, *hint) for hint in told if hint[0] - 1 in span]

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        _, file = shown(params.text_document.uri)
        about = file.about(params.position.line + 1) if file else ""
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, about)) if about else None

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(
            code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.Source]
        ),
    )
    def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        text, file = shown(params.text_document.uri)
        return list(_actions(text, file, params.range)) if file else []

    return server


def _watch(server: LanguageServer, mark: Callable[[str], None]) -> None:
    """Mark comments as files are opened and changed; have the editor tell of new traces, and look again then.

    Args:
        server: the server.
        mark: says of the file at an address which of its comments are wrong.
    """

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        mark(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        mark(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        mark(params.text_document.uri)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watched = workspace and workspace.did_change_watched_files
        if watched and watched.dynamic_registration:  # else the editor watches by itself, or not at all
            await server.client_register_capability_async(_watching())

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def traced(params: types.DidChangeWatchedFilesParams) -> None:
        for uri in list(server.workspace.text_documents):
            mark(uri)
        workspace = server.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            server.workspace_inlay_hint_refresh(None)


def _watching() -> types.RegistrationParams:
    """Return the request to be told when a trace is written."""
    patterns = [f"**/*{ending}" for ending in TRACES]
    options = types.DidChangeWatchedFilesRegistrationOptions(
        [types.FileSystemWatcher(one) for one in patterns]
    )
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    return types.RegistrationParams([types.Registration("traces", method, options)])


def _opened(server: LanguageServer) -> list[str]:
    """Return the folders that the editor has opened."""
    folders = [to_fs_path(folder.uri) for folder in server.workspace.folders.values()]
    return [folder for folder in (folders or [server.workspace.root_path]) if folder]


class _Text:
    """A text in the editor, by its lines as the protocol counts them: they end with CR, LF or both.

    Args:
        document: the text as pygls keeps it; None: there is none.
    """

    def __init__(self, document: TextDocument | None = None) -> None:
        self.uri = document.uri if document else ""
        self.lines = _LINE_ENDS.split(document.source.removeprefix(MARK)) if document else []
        self._codec = document.position_codec if document else PositionCodec()

    def end(self, number: int) -> types.Position:
        """Return the end of a line, as the editor counts."""
        return self._at(number, len(self.lines[number - 1]))

    def range(self, remark: Remark) -> types.Range:
        """Return where a comment is, or the end of the code behind which it would stand."""
        return types.Range(self._at(remark.line, remark.column), self.end(remark.line))

    def _at(self, number: int, column: int) -> types.Position:
        return self._codec.position_to_client_units(self.lines, types.Position(number - 1, column))


def _hint(text: _Text, number: int, label: str, about: str) -> types.InlayHint:
    tooltip = types.MarkupContent(types.MarkupKind.Markdown, about)
    return types.InlayHint(
        text.end(number), label, kind=types.InlayHintKind.Type, tooltip=tooltip, padding_left=True
    )


def _diagnostic(text: _Text, remark: Remark) -> types.Diagnostic:
    return types.Diagnostic(
        text.range(remark),
        f"the run made {remark.right.removeprefix('#').strip()}",
        severity=types.DiagnosticSeverity.Warning,
        code="comment",
        source=SOURCE,
    )


def _actions(text: _Text, file: Shown, span: types.Range) -> Iterator[types.CodeAction]:
    """Yield what mends the comments on some lines, and what puts shapes behind all lines."""
    for remark in file.wrong:
        if span.start.line <= remark.line - 1 <= span.end.line:
            yield types.CodeAction(
                f"Replace with {remark.right}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[_diagnostic(text, remark)],
                edit=_edit(text, [remark]),
                is_preferred=True,
            )
    changes = [one for one in file.comments if one.kind != "kept"]
    if changes:
        title = "Put the shapes of the run into comments"
        yield types.CodeAction(title, kind=types.CodeActionKind.Source, edit=_edit(text, changes))


def _edit(text: _Text, remarks: list[Remark]) -> types.WorkspaceEdit:
    edits = []
    for remark in remarks:
        before = "" if remark.there else "  "
        edits.append(types.TextEdit(text.range(remark), f"{before}{remark.right}"))
    return types.WorkspaceEdit(changes={text.uri: edits})
