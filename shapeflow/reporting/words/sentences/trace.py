"""Sentences that a trace keeps, or that are made from one: notes on a run, differences, origins of sizes."""

from __future__ import annotations

PAIRS: tuple[tuple[str, str], ...] = (
    # notes
    (
        "Without a checkpoint the weights are random numbers from a seed: "
        "the shapes are true, the values mean nothing.",
        "未提供检查点，权重是由种子生成的随机数：形状为真，数值没有意义。",
    ),
    (
        "The vocabulary of the text encoder is not installed (pip install open_clip_torch): "
        "each word became one made-up token, so the number of real tokens may differ.",
        "未安装文本编码器的词表（pip install open_clip_torch）："
        "每个词各成一个虚构的 token，真实的 token 数可能不同。",
    ),
    (
        "The package's post-processing takes one image: this run on several ends with the model's outputs.",
        "该软件包的后处理只接受一张图像：本次运行有多张，到模型的输出为止。",
    ),
    (
        "Post-processing keeps as many detections as pass the threshold, which depends on data: "
        "a shapes-only run ends before it.",
        "后处理保留多少检测结果取决于阈值与数据：仅推导形状的运行在此之前结束。",
    ),
    (
        "What torch.compile had compiled ran as it is written: a compiled part calls no functions.",
        "经 torch.compile 编译的部分按源码原样运行：编译后的部分不再调用函数。",
    ),
    (
        "The prompt has {n} token<|s>; the model reads the first {n2}.",
        "提示有 {n} 个 token，模型只读取前 {n2} 个。",
    ),
    ("The checkpoint lacks {n} tensor<|s>: {names}.", "检查点缺少 {n} 个张量：{names}。"),
    (
        "The checkpoint has {n} tensor<|s> that the model does not: {names}.",
        "检查点中有 {n} 个张量是模型没有的：{names}。",
    ),
    (
        "Checks of numbers that a shapes-only run does not know were taken as passed, "
        "at {n} line<|s>: {lines}.",
        "仅推导形状的运行不知道数值，对数值的检查一律视为通过，涉及 {n} 行：{lines}。",
    ),
    # what is different about one of several calls
    ("{@mine} instead of {@other}", "{@mine}，而其余为 {@other}"),
    ("{@mine} instead of {@other} in {@name}", "{@name} 中为 {@mine}，而其余为 {@other}"),
    ("{@port} {value} instead of {value2}", "{@port} 为 {value}，而其余为 {value2}"),
    ("{@port} {value} instead of {value2} in {@name}", "{@name} 中 {@port} 为 {value}，而其余为 {value2}"),
    ("{@op} {@port} {value} instead of {value2}", "{@op} 的 {@port} 为 {value}，而其余为 {value2}"),
    (
        "{@op} {@port} {value} instead of {value2} in {@name}",
        "{@name} 中 {@op} 的 {@port} 为 {value}，而其余为 {value2}",
    ),
    ("{n} inner calls instead of {n2}", "{n} 次内部调用，而其余为 {n2} 次"),
    ("{n} inner calls instead of {n2} in {@name}", "{@name} 中为 {n} 次内部调用，而其余为 {n2} 次"),
    ("{n} ops instead of {n2}", "{n} 个算子，而其余为 {n2} 个"),
    ("{n} ops instead of {n2} in {@name}", "{@name} 中为 {n} 个算子，而其余为 {n2} 个"),
    ("other arguments", "参数不同"),
    ("other arguments in {@name}", "{@name} 中参数不同"),
    # where a size comes from
    ("{@op} of [{shapes}]", "对 [{shapes}] 做 {@op}"),
    ("{n} together", "{n} 个合在一起"),
    # figures
    ("result of {@call}", "{@call} 的结果"),
    ("{n} tensor<|s>", "{n} 个张量"),
    ("{@name} × {n}, {n2} differ", "{@name} × {n}，其中 {n2} 个不同"),
    ("+ {n} op<|s> on the arrows, without a box", "箭头上另有 {n} 个算子，未画方框"),
    ("+ {n} call<|s> on the arrows, without a box", "箭头上另有 {n} 次调用，未画方框"),
    (
        "{n} calls stay closed: {n2} of at most {n3} nodes are drawn",
        "{n} 次调用未展开：最多 {n3} 个节点，已画 {n2} 个",
    ),
    ("{n} inner calls are folded into the calls around them", "{n} 次内部调用并入外层调用"),
    ("{n} input<|s> left out", "省略了 {n} 个输入"),
    ("{n} unused end<|s> left out", "省略了 {n} 处无人读取的输出"),
    ("no program here can lay out a graph as {@form}", "本机没有可以把图布局为 {@form} 的程序"),
    ("it ended with code {n}", "它以代码 {n} 结束"),
    ("{n} lines of Graphviz text", "Graphviz 文本有 {n} 行"),
    ("the layout program could not draw this graph", "布局程序无法画出此图"),
    ("the drawing was not finished within {n} seconds", "未能在 {n} 秒内画完"),
)
