"""Words of the numbers."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
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
}
