"""Words of the trace explorer and the inspector."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
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
}
