"""How the inputs of a run were made, as its trace keeps it: what was asked for, and what adapters make."""

from __future__ import annotations

PAIRS: tuple[tuple[str, str], ...] = (
    # what --input asks for
    ("random numbers", "随机数"),
    ("random truth values", "随机真值"),
    ("random integers below {n}", "小于 {n} 的随机整数"),
    ("full of {value}", "全部为 {value}"),
    ("as given", "按给定值"),
    ("read from {file}", "读自 {file}"),
    ("made to fit {@name}", "为配合 {@name} 调整了尺寸"),
    ("{file}, {n} x {n2}, numbers from 0 to {n3}", "{file}，{n} x {n2}，取值 0 到 {n3}"),
    (
        "{file}, {n} x {n2}, resized to {n3} x {n4}, numbers from 0 to {n5}",
        "{file}，{n} x {n2}，缩放为 {n3} x {n4}，取值 0 到 {n5}",
    ),
    ("'{text}' as {n} tokens by open_clip's tokenizer", "“{text}”经 open_clip 的分词器得到 {n} 个 token"),
    (
        "'{text}' as {n} tokens by the tokenizer in {folder}",
        "“{text}”经 {folder} 中的分词器得到 {n} 个 token",
    ),
    # what models of libraries and files are given
    ("a picture of random numbers, {n} x {n2}", "一张随机数图像，{n} x {n2}"),
    (
        "a picture of random numbers, {n} x {n2}; the second one likewise",
        "一张随机数图像，{n} x {n2}；第二张相同",
    ),
    (
        "a list of one picture of random numbers, {n} x {n2}, which the model resizes",
        "只含一张随机数图像的列表，{n} x {n2}，由模型缩放",
    ),
    ("a video of random numbers, {n} frames of {n2} x {n3}", "随机数视频，{n} 帧，每帧 {n2} x {n3}"),
    ("{n} pictures of random numbers, {n2} x {n3}", "{n} 张随机数图像，{n2} x {n3}"),
    (
        "{texts}, by the tokenizer of open_clip, padded to {n}",
        "{texts}，经 open_clip 的分词器，填充到 {n}",
    ),
    (
        "made-up token numbers of {n} texts, {lengths} long, padded to {n2}",
        "{n} 段文本的虚构 token 编号，长度 {lengths}，填充到 {n2}",
    ),
    (
        "random numbers [{shape}], since the first weights are those of a {@kind}",
        "随机数 [{shape}]，因为最先的权重属于 {@kind}",
    ),
    (
        "numbers below {n} [{shape}], since the first weights are those of a {@kind}",
        "小于 {n} 的整数 [{shape}]，因为最先的权重属于 {@kind}",
    ),
    # what the processors and configurations of transformers give
    (
        "as {@processor} makes them of {n} pictures of {n2} x {n3}",
        "由 {@processor} 从 {n} 张 {n2} x {n3} 的图像得到",
    ),
    (
        "as {@processor} makes them of {n} videos of {n2} frames",
        "由 {@processor} 从 {n} 段 {n2} 帧的视频得到",
    ),
    ("{n} videos of {n2} frames, random numbers", "{n} 段 {n2} 帧的视频，随机数"),
    (
        "{n} texts of {n2} token ids below vocab_size {n3}, the second padded by {n4} at its end",
        "{n} 段文本，各 {n2} 个小于 vocab_size {n3} 的 token 编号，第二段末尾填充 {n4} 个",
    ),
    (
        "{n} texts of {n2} token ids below vocab_size {n3}, the first of each starts it",
        "{n} 段文本，各 {n2} 个小于 vocab_size {n3} 的 token 编号，首个为起始 token",
    ),
    (
        "{n} texts of {n2} token ids below vocab_size {n3}",
        "{n} 段文本，各 {n2} 个小于 vocab_size {n3} 的 token 编号",
    ),
    ("1 for each real token, 0 for padding", "真实 token 为 1，填充为 0"),
)
