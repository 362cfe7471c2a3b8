"""Words of the page with a text and its marks."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "annotated": ("Checked as written", "原文核对"),
    "annotated-lead": (
        "The text as it was written. Each shape in it, and what else it states without doubt, is marked "
        "with what one recorded run says: {run}. "
        "A click on a mark shows the evidence.",
        "原文照录。文中每个形状，以及其他含义确定的陈述，都标出了一次运行记录（{run}）的核对结果，点击标记可查看依据。",
    ),
    "annotated-keys": ("Next and previous mark:", "下一个、上一个标记："),
    "skip": ("Skip to the text", "跳到正文"),
    "confirmed": ("confirmed", "属实"),
    "layout differs": ("layout differs", "排列不同"),
    "contradicted": ("contradicted", "与运行不符"),
    "seen elsewhere": ("seen elsewhere", "见于别处"),
    "not in this run": ("not in this run", "本次运行中没有"),
    "symbolic, consistent": ("symbolic, consistent", "符号，前后一致"),
    "cannot tell": ("cannot tell", "无法判断"),
    "only-wrong": ("only what is wrong", "只看有误之处"),
    "against-itself": ("The text contradicts itself", "原文自相矛盾"),
    "line": ("line {name}", "第 {name} 行"),
    "cell": ("Cell {n}", "单元格 {n}"),
    "unread": ("Not all of it was read:", "原文未全部读取："),
    "folded-lines": ("{n} lines without a mark", "{n} 行没有标记"),
    "symbols": ("Letters", "符号"),
    "in-the-run": ("in the run", "运行中为"),
    "at": ("at", "位置"),
    "rivals": ("other places that may be meant", "其他可能的位置"),
    "sure": ("{n} % sure", "把握 {n}%"),
    "colon": (": ", "："),
}
