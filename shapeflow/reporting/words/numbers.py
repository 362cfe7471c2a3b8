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
    "part": ("part", "部分"),
    "multiply-adds": ("multiply-adds", "乘加次数"),
    "flops-note": (
        "A multiply-add is two FLOPs. Apart from sums, the rows add up to the totals: nothing is in two. "
        "A weight that modules share is counted where it is first.",
        "一次乘加计为两次浮点运算。除小计外，各行互不重叠，相加即为总数。多个模块共用的权重计在最先出现处。",
    ),
    "beginning": ("Before the first section", "第一节之前"),
    "in-no-section": ("In no section", "未被任何章节提及"),
    "itself": ("by itself", "自身"),
    "outside-calls": ("outside of all calls", "所有调用之外"),
    "sum": ("sum", "小计"),
    "total": ("total", "总计"),
    "scroll-hint": ("The table goes on to the right.", "表格向右还有内容。"),
    "calls": ("calls", "调用"),
    "peak": ("peak of live activations", "激活值内存峰值"),
    "memory": ("Live activations over the run", "运行过程中存活的激活值"),
    "memory-note": (
        "Bytes of activations alive after each op. The peak is {peak}, in {where}.",
        "每个算子之后仍存活的激活值的字节数。峰值 {peak}，出现在 {where}。",
    ),
    "memory-axis": ("the ops in the order in which they ran", "算子，按运行顺序排列"),
    "memory-here": ("{size} when this op had ended: {op}", "{size}，此算子结束时：{op}"),
    "memory-largest": ("The largest there: ", "此时最大的张量："),
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
    # a model of one's own
    "the-model": ("The model", "整个模型"),
    "contains": ("What is in it", "其中包含"),
    "axis-batch": ("batch size, dim {dim} of {where}", "批大小，{where} 的第 {dim} 维"),
    "axis-height": ("height, dim {dim} of {where}", "高，{where} 的第 {dim} 维"),
    "axis-width": ("width, dim {dim} of {where}", "宽，{where} 的第 {dim} 维"),
    "axis-side": ("height and width, of {where}", "高与宽，{where}"),
    "axis-sequence": ("length, dim {dim} of {where}", "长度，{where} 的第 {dim} 维"),
    # the run
    "mode": ("Mode", "模式"),
    "gradients-on": (
        "gradients on: activations are kept for a backward pass",
        "已启用梯度：激活值会保留到反向传播",
    ),
    "gradients-partly": (
        "gradients on (off in {n} of {all} ops): activations are kept for a backward pass",
        "已启用梯度（{all} 个算子中有 {n} 个未启用）：激活值会保留到反向传播",
    ),
    "gradients-idle": (
        "gradients on, but nothing in the run needs one: no activation is kept for a backward pass",
        "已启用梯度，但运行中没有任何张量需要梯度：不会为反向传播保留激活值",
    ),
    "gradients-off": (
        "gradients off: activations are freed after their last use",
        "未启用梯度：激活值在最后一次使用后即释放",
    ),
    "gradients-inference": (
        "inference mode, gradients off: activations are freed after their last use",
        "推理模式，未启用梯度：激活值在最后一次使用后即释放",
    ),
    "gradients-none": ("no op ran in a call", "没有算子在调用中运行"),
    "gradients-unknown": (
        "whether gradients were on is not recorded in this trace",
        "该记录未保存是否启用梯度",
    ),
    "mode-train": ("training mode", "训练模式"),
    "mode-eval": ("evaluation mode", "评估模式"),
    "mode-apart": ("{mode}, except {names}", "{mode}，{names} 除外"),
    "mode-changed": ("the mode changed during the run", "运行期间模式有变化"),
    "mode-unknown": (
        "training or evaluation mode is not recorded in this trace",
        "该记录未保存处于训练还是评估模式",
    ),
    "and-more": ("{names} and {n} more", "{names} 等，另有 {n} 项"),
}
