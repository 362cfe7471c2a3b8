"""Words of the page with the model's source."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "search": ("Search", "搜索"),
    "skip": ("Skip to the source", "跳到源代码"),
    "source-of": ("{name}: source with shapes", "{name}：源代码与形状"),
    "source-lead": (
        "Each line of the model's source with what it made in the run, all the times that it ran.",
        "模型源代码的每一行，以及它在这次运行中历次得到的结果。",
    ),
    "source-symbols": (
        "A letter stands for a dim that is, axis for axis, one of the model's inputs:",
        "字母表示该维度沿数据流直接来自模型输入的某一维：",
    ),
    "source-incomplete": (
        "The run ended with an error: only what came before it is told.",
        "运行因错误中止，这里只有出错之前的内容。",
    ),
    "source-keys": ("Next and previous line, search, all again:", "下一行、上一行、搜索、恢复全部："),
    "source-files": ("Files", "文件"),
    "source-search": ("Search code, shapes, sizes", "搜索代码、形状或尺寸"),
    "source-only-never": ("only lines that never ran", "只看从未执行的行"),
    "source-made": ("{n} line made tensors|{n} lines made tensors", "{n} 行产生了张量"),
    "source-never": ("{n} line never ran|{n} lines never ran", "{n} 行从未执行"),
    "source-never-note": (
        "It never ran: it calls a submodule, and that call would have been recorded, "
        "or it stands behind such a line.",
        "这一行从未执行：它调用了子模块，而那次调用没有出现在记录中；或者它位于这样一行之后。",
    ),
    "source-unknown": (
        "The file is not here as it was in the run: only the lines that the trace has.",
        "找不到运行时的这个文件，或文件已改动：这里只有记录中保存的行。",
    ),
    "source-lines": (
        "{n} line of which nothing is known|{n} lines of which nothing is known",
        "{n} 行没有记录",
    ),
    "n-times": ("once|{n} times", "{n} 次"),
}
