"""Words of the small pictures of a run."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "pictures": ("What the run computed, as pictures", "运行结果的图像"),
    "pictures-rest": ("More pictures of this run", "本次运行的其他图像"),
    "pictures-rest-note": ("Of values that no section above speaks of.", "上文各节未提及的张量。"),
    "pictures-shapes-only": (
        "This run worked out shapes only: the grey frames say what a real run would show.",
        "本次运行只推导形状：灰框说明真实运行会在此显示什么。",
    ),
    "pictures-checkpoint": ("With the weights of the checkpoint.", "使用检查点中的权重。"),
    "pictures-random": (
        "The weights are random numbers: the pictures are what this run really computed, and mean nothing.",
        "权重是随机数：图像确实是本次运行算出的，但没有含义。",
    ),
    "pictures-own": (
        "With the weights that the model came with; whether they are trained is not known here.",
        "使用模型自带的权重；是否经过训练，这里无从得知。",
    ),
    "picture-input": ("what went in", "输入的图像"),
    "picture-features": ("features", "特征"),
    "picture-attention": ("attention", "注意力"),
    "picture-receives": (
        "how much each pixel attends to token {n} of {all} (counted from 0)",
        "每个像素对第 {n} 个词元的注意力（从 0 数起，共 {all} 个）",
    ),
    "picture-attends": (
        "where token {n} of {all} looks (counted from 0)",
        "第 {n} 个词元注意的位置（从 0 数起，共 {all} 个）",
    ),
    "picture-boxes": ("{n} box|{n} boxes", "{n} 个框"),
    "picture-masks": (
        "{n} mask, that of the highest score|{n} masks, those of the highest scores",
        "得分最高的 {n} 个掩码",
    ),
    "picture-boxes-best": (
        "{n} box, score {best}|{n} boxes, highest score {best}",
        "{n} 个框，最高得分 {best}",
    ),
    "picture-masks-best": (
        "{n} mask, that of the highest score, {best}|{n} masks, those of the highest scores, the best {best}",
        "得分最高的 {n} 个掩码，最高得分 {best}",
    ),
    "picture-pca": (
        "PCA of {n} channels: the colours are the first three components.",
        "对 {n} 个通道做主成分分析，三种颜色是前三个主成分。",
    ),
    "picture-two": (
        "PCA of {n} channels: red and green are the two components.",
        "对 {n} 个通道做主成分分析，红绿两色是两个主成分。",
    ),
    "picture-one": (
        "One channel, from its lowest number to its highest.",
        "只有一个通道，由最小值到最大值。",
    ),
    "picture-share": ("They show {n} % of the variance.", "它们占方差的 {n}%。"),
    "picture-mean": (
        "Of its {n} head; bright is most.|Mean over {n} heads; bright is most.",
        "{n} 个头的平均值；越亮权重越大。",
    ),
    "picture-range": (
        "As the model gets it, from its lowest number to its highest.",
        "模型收到的样子，由最小值到最大值。",
    ),
    "picture-fades-boxes": ("A box is as opaque as its score is high.", "得分越低，框越淡。"),
    "picture-fades-masks": ("Where the mask is above its threshold.", "掩码高于阈值之处。"),
    "scored-given": ("The scores are the model's own.", "得分由模型直接给出。"),
    "scored-sigmoid": ("The score is the sigmoid of the highest logit.", "得分是最大 logit 的 sigmoid。"),
    "scored-presence": (
        "The score is the sigmoid of the logit times that of the presence logit.",
        "得分是 logit 的 sigmoid 乘以存在性 logit 的 sigmoid。",
    ),
    "scored-softmax": (
        "The score is the highest softmax of a class other than “no object”.",
        "得分是除“无物体”外各类 softmax 的最大值。",
    ),
    "picture-batch": ("The first of {n}.", "共 {n} 项，这是第一项。"),
    "picture-not-finite": ("not drawn: it has numbers that are not finite", "未绘制：其中有非有限的数"),
    "picture-not-drawn": ("not drawn: its numbers cannot be read", "未绘制：无法读取其数值"),
    "picture-shapes-only": ("a real run shows it here", "真实运行会在此显示"),
    "sentence-gap": (" ", ""),
}
