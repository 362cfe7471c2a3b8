"""Words of the first screen: counts, facts, what was not observed, the input, a failure."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    # first screen
    "n-claims-hold": ("{n} of {all} hold", "{all} 条中 {n} 条成立"),
    "lead-alone": ("One recorded run", "一次运行的记录"),
    "lead-checked": (
        "Every checked line below was checked against one recorded run",
        "下文每一条断言都用一次实际运行的记录核对过",
    ),
    "lead-checked-runs": (
        "Every checked line below was checked against {n} recorded runs",
        "下文每一条断言都用 {n} 次实际运行的记录核对过",
    ),
    "lead-checked-ended": (
        "Every checked line below was checked against one recorded run, which ended early",
        "下文每一条断言都用一次实际运行的记录核对过，而那次运行中途结束了",
    ),
    "none-differ": ("none differs", "没有一条不符"),
    "differing": ("Where they differ", "不符之处"),
    "open-claims": ("What could not be decided", "无法判定之处"),
    "n-more-differ": ("and {n} more", "另有 {n} 条"),
    "section-marks": ("The sections and what was found in each", "各节与核对结果"),
    "comma-list": (", ", "，"),
    "full-stop": (".", "。"),
    "n-claims": ("{n} claim|{n} claims", "{n} 条断言"),
    "mark-good": ("nothing differs", "没有不符之处"),
    "mark-bad": ("some differ", "有不符之处"),
    "mark-doubt": ("some are open", "有无法判定之处"),
    "mark-plain": ("nothing claimed", "没有断言"),
    "about-run": ("About this run", "关于本次运行"),
    "needs-scripts": (
        "The verdicts stand in the lines. Their evidence, large figures, search and explorer need scripts.",
        "结论就在各行之中；依据、大图、搜索与浏览器需要启用脚本。",
    ),
    "n-differ": ("{n} differs|{n} differ", "{n} 条不符"),
    "n-undecided": ("{n} undecided", "{n} 条无法判定"),
    "n-unobserved": ("{n} not observed", "{n} 条未观察到"),
    "n-needs-real": ("{n} needs a real run|{n} need a real run", "{n} 条需要真实运行"),
    "n-needs-run": ("{n} needs another run|{n} need another run", "{n} 条需要另一次运行"),
    "n-said": (
        "{n} known mistake of another text is refuted|{n} known mistakes of another text are refuted",
        "另驳正了别处文字的 {n} 处已知错误",
    ),
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
}
