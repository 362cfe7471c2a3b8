"""All interface words of the report, in English and Chinese, in one table."""

from __future__ import annotations

from typing import Any

LANGUAGES = ("en", "zh")

TABLE: dict[str, tuple[str, str]] = {
    # verdicts
    "holds": ("holds", "成立"),
    "contradicted": ("contradicted", "与运行不符"),
    "layout differs": ("layout differs", "维度顺序不同"),
    "undecided": ("undecided", "无法判定"),
    "not observed": ("not observed", "未观察到"),
    "invalid": ("cannot be read", "无法解析"),
    "needs-real": ("needs a real run", "需要真实运行"),
    "needs-run": ("needs the run {run}", "需要名为 {run} 的运行"),
    "said": ("correction", "更正"),
    "said-stands": ("the text is wrong, as stated", "原文有误，确如本文指出"),
    "said-fails": ("the text turns out right", "原文其实是对的"),
    # first screen
    "n-claims-hold": ("{n} of {all} claims hold", "{all} 条断言中 {n} 条成立"),
    "n-differ": ("{n} differs|{n} differ", "{n} 条不符"),
    "n-undecided": ("{n} undecided", "{n} 条无法判定"),
    "n-unobserved": ("{n} not observed", "{n} 条未观察到"),
    "n-needs-real": ("{n} needs a real run|{n} need a real run", "{n} 条需要真实运行"),
    "n-needs-run": ("{n} needs another run|{n} need another run", "{n} 条需要另一次运行"),
    "n-said": ("{n} correction|{n} corrections", "{n} 处更正"),
    "n-unused": ("{n} output is never read|{n} outputs are never read", "{n} 个输出无人读取"),
    "n-uncovered": ("{n} call is in no section|{n} calls are in no section", "{n} 次调用未被任何章节提及"),
    "n-calls": ("{n} call|{n} calls", "{n} 次调用"),
    "n-ops": ("{n} op|{n} ops", "{n} 次算子调用"),
    "n-values": ("{n} tensor|{n} tensors", "{n} 个张量"),
    "all": ("all", "全部"),
    "run-failed": ("the run failed", "运行失败"),
    # facts
    "model": ("Model", "模型"),
    "device": ("Device", "设备"),
    "shapes-only": ("shapes only: no arithmetic on large tensors", "仅推导形状：不对大张量做运算"),
    "inputs": ("Inputs", "输入"),
    "recorded": ("Recorded", "记录内容"),
    "versions": ("Versions", "版本"),
    "seconds": ("Time", "用时"),
    "walkthrough": ("Walkthrough", "导读"),
    "weights": ("Parameters", "参数量"),
    "peak-memory": ("Peak memory", "内存峰值"),
    "n-seconds": ("{n} s", "{n} 秒"),
    # not observed
    "not-observed-title": ("What was not observed", "未观察到的内容"),
    "no-values": (
        "No tensor values: the run was made with shapes only, so claims about numbers are not judged.",
        "没有张量数值：本次运行仅推导形状，因此不判定关于数值的断言。",
    ),
    "incomplete": (
        "Everything after the failure: the run ended early.",
        "失败之后的全部内容：运行提前结束了。",
    ),
    "n-escapes": (
        "{n} tensor was read into Python, where data flow cannot be followed."
        "|{n} tensors were read into Python, where data flow cannot be followed.",
        "{n} 个张量被读入 Python，之后的数据流无法追踪。",
    ),
    "n-unknown": (
        "{n} tensor came from an op that was not seen.|{n} tensors came from ops that were not seen.",
        "{n} 个张量来自未被观察到的算子。",
    ),
    "n-silent": (
        "{n} of {all} modules were never called in this run.",
        "{all} 个模块中有 {n} 个在本次运行中从未被调用。",
    ),
    "one-run": (
        "Other inputs: this is one run, other inputs may take other branches.",
        "其他输入：这只是一次运行，换用其他输入可能走不同分支。",
    ),
    # page
    "contents": ("Contents", "目录"),
    "skip": ("Skip to the text", "跳到正文"),
    "search": ("Search", "搜索"),
    "search-hint": (
        "path, class, op, shape [1, 200, *] or size",
        "路径、类、算子、形状 [1, 200, *] 或尺寸",
    ),
    "help": ("Keys and help", "快捷键与帮助"),
    "theme": ("Light or dark", "明暗主题"),
    "menu": ("Contents", "目录"),
    "close": ("Close", "关闭"),
    "overview": ("Overview", "总览"),
    "enlarge": ("fill the window", "铺满窗口"),
    "overview-note": (
        "Boxes are calls, arrows carry tensors (masks and indices left out); dashed: never read.",
        "方框是调用，箭头是张量（省略掩码与索引）；虚线表示无人读取。",
    ),
    "more-shapes": ("+ {n} more", "另有 {n} 种"),
    "figure": ("Data flow of this section", "本节数据流"),
    "figure-none": ("no drawing: {why}", "无图：{why}"),
    "attention": ("Attention, with sizes", "注意力及其尺寸"),
    "out": ("output", "输出"),
    "score": ("scores", "分数"),
    "score-real": ("The score matrix is built.", "分数矩阵确实作为张量存在。"),
    "score-fused": (
        "The score matrix is never built: a fused kernel works it out piece by piece.",
        "分数矩阵从未建成张量：融合内核分块计算。",
    ),
    "n-heads": ("{n} head|{n} heads", "{n} 个头"),
    "n-windows": ("{n} windows", "{n} 个窗口"),
    "sheets": ("Feature maps, to scale", "特征图（按比例）"),
    "n-channels": ("{n} channels", "{n} 个通道"),
    "steps": ("Only what changes the shape", "只看改变形状的步骤"),
    "steps-keep": ("+ {n} that keeps it|+ {n} that keep it", "另有 {n} 步不改变形状"),
    "all-steps": ("all ops", "全部算子"),
    "about": ("Here in the model", "在模型中的位置"),
    "n-more": ("and {n} more", "还有 {n} 个"),
    "symbols": ("Sizes with a name", "有名字的尺寸"),
    "observed": ("observed", "实际为"),
    "expected": ("expected", "应为"),
    "because": ("because", "原因"),
    "hint": ("try", "建议"),
    "evidence": ("Evidence", "证据"),
    "claim": ("Claim", "断言"),
    "text-says": ("The text says", "原文的说法"),
    "model-does": ("The model does", "模型的实际行为"),
    "corrections": ("Corrections", "更正"),
    "corrections-note": (
        "What a text about this model says, and what the run shows.",
        "关于该模型的文字怎么说，运行又显示什么。",
    ),
    "where-said": ("Where", "出处"),
    # what the model does instead of a mistake, by the code of the verdict
    "differs-shape": ("another shape", "形状不同"),
    "differs-layout": ("the same sizes, the axes in another order", "尺寸相同，维度顺序不同"),
    "differs-count": ("another number", "数量不同"),
    "differs-making": ("made otherwise", "并非由此得到"),
    "differs-flow": ("the data does not flow so", "数据流并非如此"),
    "differs-unknown-port": ("there is no such item", "没有这一项"),
    "statements": ("The text, statement by statement", "原文逐条对照"),
    "statements-note": (
        "Part by part, with lines: what the text says, whether it is so, and the section that decides it.",
        "按原文各部分及其行号列出：它的说法、是否属实，以及据以判定的断言在哪一节。",
    ),
    "n-lines": ("lines {lines}", "第 {lines} 行"),
    "statement-holds": ("right", "属实"),
    "statement-contradicted": ("wrong", "不符"),
    "statement-layout differs": ("axes in another order", "维度顺序不同"),
    "statement-imprecise": ("imprecise", "不准确"),
    "statement-not observable": ("not observable", "无法观察"),
    "statement-fails": ("the claim that answers it fails in this run", "据以判定的断言在本次运行中不成立"),
    "made-by": ("made by", "产生者"),
    "used-by": ("used by", "使用者"),
    "nobody": ("nobody", "无"),
    "unused": ("unused", "未使用"),
    "permalink": ("link to this", "本处链接"),
    "source-stored": (
        "the installed file is not here or differs; this is the line in the trace",
        "本机没有该文件或版本不同；此处为记录中的那一行",
    ),
    # numbers
    "numbers": ("Numbers", "规模与开销"),
    "parameters": ("parameters", "参数量"),
    "flops": ("FLOPs", "浮点运算量"),
    "share": ("share", "占比"),
    "bytes": ("returns", "输出大小"),
    "memory-size": ("memory", "占用内存"),
    "stage": ("stage", "阶段"),
    "calls": ("calls", "调用"),
    "peak": ("peak of live activations", "激活值内存峰值"),
    "memory": ("Live activations over the run", "运行过程中存活的激活值"),
    "memory-note": (
        "Bytes of activations alive after each op. The peak is {peak}, in {where}.",
        "每个算子之后仍存活的激活值的字节数。峰值 {peak}，出现在 {where}。",
    ),
    "wasted": ("Unused computation", "无用计算"),
    "wasted-note": (
        "{n} FLOPs ({share} of the run) go into tensors that reach no output.",
        "{n} 次浮点运算（占运行的 {share}）用于到达不了任何输出的张量。",
    ),
    "wasted-none": (
        "No FLOPs go into tensors that reach no output.",
        "没有浮点运算浪费在到达不了输出的张量上。",
    ),
    "unused-outputs": ("Outputs that nobody reads", "无人读取的输出"),
    "uncovered": ("Calls in no section", "未被任何章节提及的调用"),
    # explorer
    "explorer": ("Trace explorer", "运行记录浏览器"),
    "explorer-note": (
        "Every call of the run. Arrow keys move and open, Enter shows details.",
        "运行中的每一次调用。方向键移动与展开，回车查看详情。",
    ),
    "explorer-off": (
        "The explorer needs scripts and a browser that can decompress data (any from 2023 on).",
        "运行记录浏览器需要启用脚本，并需要能解压数据的网页浏览器（2023 年以后的版本）。",
    ),
    "filter": ("Filter the tree", "筛选"),
    "show-ops": ("ops", "算子"),
    "fold-repeats": ("fold repeats", "折叠重复项"),
    "shape-only": ("only what changes the shape", "只看改变形状的算子"),
    "n-found": ("{n} found", "找到 {n} 个"),
    "nothing-found": ("nothing found", "没有找到"),
    "n-differ-from-rest": ("{n} differs|{n} differ", "{n} 个不同"),
    "differs": ("differs", "不同"),
    # inspector
    "inspector": ("Inspector", "详情栏"),
    "inspector-empty": (
        "Choose a shape, a call or a box in a figure: where it comes from, where it goes, what it costs.",
        "点选一个形状、调用或图中的方框，查看它从哪里来、到哪里去、代价多少。",
    ),
    "call": ("call", "调用"),
    "op": ("op", "算子"),
    "value": ("tensor", "张量"),
    "size": ("size", "尺寸"),
    "helper": ("helper method", "辅助方法"),
    "called-by": ("called by", "调用者"),
    "takes": ("takes", "输入"),
    "gives": ("gives", "输出"),
    "inside": ("inside", "内部"),
    "attributes": ("attributes", "属性"),
    "origin": ("origin", "来源"),
    "origin-input": ("an input of the run", "运行的输入"),
    "origin-parameter": ("a parameter", "参数"),
    "origin-buffer": ("a buffer", "缓冲区"),
    "origin-unknown": ("not seen being made", "产生过程未被观察到"),
    "passes": ("seen at", "出现于"),
    "same-memory": ("shares memory with", "与之共用内存"),
    "not-materialized": (
        "never materialized: a fused kernel does not build it",
        "从未建成张量：融合内核不会构建它",
    ),
    "read-in-python": ("read into Python", "被读入 Python"),
    "claims-about": ("claims about it", "相关断言"),
    "comes-from": ("Where {n} comes from", "{n} 从何而来"),
    "first-at": ("first seen in", "首次出现于"),
    "appears-in": ("{n} tensor has it|{n} tensors have it", "{n} 个张量有这个尺寸"),
    "in-explorer": ("show in the tree", "在树中显示"),
    "copy": ("copy the selector", "复制选择器"),
    "copy-link": ("copy the link", "复制链接"),
    "copied": ("copied", "已复制"),
    "back": ("back", "返回"),
    "source": ("source", "源码"),
    "part-of": ("part of", "属于"),
    "no-such": ("Nothing in this trace is called {name}.", "这份运行记录里没有 {name}。"),
    # picture, failure
    "picture": ("The input", "输入"),
    "prompt": ("Prompt", "提示"),
    "n-boxes": ("{n} box|{n} boxes", "{n} 个框"),
    "masks-over": ("the best masks laid over it", "已叠加得分最高的掩码"),
    "failure": ("The run failed here", "运行在此失败"),
    "causes": ("Why many claims fail at once", "许多断言同时不符的原因"),
    "first-place": ("first place in the run", "运行中最先出现处"),
    "n-follow": ("{n} line follows from it|{n} lines follow from it", "{n} 行由此而来"),
    "failed-inputs": ("It was given", "当时的输入"),
    "traceback": ("The model's own traceback", "模型自身的调用栈"),
    "last-seen": ("Everything up to this point was recorded and is below.", "此前的一切都已记录，见下文。"),
    # help
    "key-search": ("search", "搜索"),
    "key-stage": ("next, previous section", "下一节、上一节"),
    "key-difference": ("next, previous difference", "下一处、上一处不符"),
    "key-open": ("open or close the claim or section at hand", "展开或收起当前断言或章节"),
    "key-all": ("open or close all", "全部展开或收起"),
    "key-copy": ("copy the link", "复制链接"),
    "key-theme": ("light or dark", "切换明暗"),
    "key-help": ("this help", "本帮助"),
    "key-escape": ("close", "关闭"),
    "filter-none": ("No claim here fits the filter.", "没有符合筛选的断言。"),
    "filter-clear": ("show all", "显示全部"),
    "made-with": ("made with shapeflow", "由 shapeflow 生成"),
    "details": ("details", "详情"),
    "verdicts": ("Verdicts", "判定"),
    "section": ("section", "章节"),
    "shape": ("shape", "形状"),
}
"""Key -> English, Chinese. ``one|many`` is chosen by ``n``; braces are filled in."""


class Translator:
    """The interface words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: Any) -> str:
        """Return the words for ``key`` with ``values`` filled in; numbers get thousands separators."""
        text = TABLE[key][self.column]
        if "|" in text:
            one, many = text.split("|", 1)
            text = one if values.get("n") == 1 else many
        shown = {
            name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()
        }
        for name, value in shown.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def find(self, key: str) -> str:
        """Return the words for ``key``, or nothing where the table has none."""
        return TABLE[key][self.column] if key in TABLE else ""

    def all(self) -> dict[str, str]:
        """Return the whole table of this language, for the page's script."""
        return {key: texts[self.column] for key, texts in TABLE.items()}
