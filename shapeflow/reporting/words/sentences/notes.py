"""Notes on a run that come with the model: which weights and sizes it has, and what was left out."""

from __future__ import annotations

PAIRS: tuple[tuple[str, str], ...] = (
    (
        "{@name} is {n}, and there are vectors for {n2} tokens: {n3} is used.",
        "{@name} 是 {n}，而只有 {n2} 个 token 的向量：改用 {n3}。",
    ),
    ("Run without the picture: {*reason}.", "运行时不带图像：{*reason}。"),
    ("Run without the video: {*reason}.", "运行时不带视频：{*reason}。"),
    ("Run without the sound: {*reason}.", "运行时不带声音：{*reason}。"),
    (
        "{@name} reads its numbers, which a shapes-only run does not have",
        "{@name} 要读取其中的数值，而仅推导形状的运行没有数值",
    ),
    ("{@name} says: {text}", "{@name} 报告：{text}"),
    ("the text that is given has no place for it", "给定的文本中没有它的位置"),
    (
        "it becomes vectors of {n} numbers, where words have {n2}",
        "它得到的向量有 {n} 个数，而词的向量有 {n2} 个",
    ),
    (
        "Run without {@name}: no pipeline of diffusers gives it to {@model}.",
        "运行时不带 {@name}：diffusers 的任何 pipeline 都不向 {@model} 提供它。",
    ),
    (
        "Run without {@name}: {@model} takes it instead of others.",
        "运行时不带 {@name}：{@model} 用它来代替其他输入。",
    ),
    (
        "The defaults of {@config} leave {@name} empty: {n} is used, {formula}.",
        "{@config} 的默认值未给出 {@name}：使用 {n}，即 {formula}。",
    ),
    (
        "The defaults of {@config} do not make a model: shapeflow chose {@name} = {chosen}.",
        "{@config} 的默认值无法构成模型：shapeflow 选用了 {@name} = {chosen}。",
    ),
    (
        "The defaults of {@config} do not fit together: {@name} is {before} there, "
        "and shapeflow chose {chosen}.",
        "{@config} 的默认值互不相容：其中 {@name} 为 {before}，shapeflow 选用了 {chosen}。",
    ),
    (
        "With random weights this run would be long: {@name} of {@config} is {n} by itself, and "
        "shapeflow chose {n2}.",
        "权重随机时，这次运行会很长：{@config} 的 {@name} 本为 {n}，shapeflow 选用了 {n2}。",
    ),
    (
        "{@name} is a list here, as in a config.json, and not a tuple as in the defaults.",
        "{@name} 在此为列表，如同 config.json 中那样，而非默认值中的元组。",
    ),
    (
        "{@config} has no {@name}: {value} is used, as in {@whole}.",
        "{@config} 没有 {@name}：使用 {value}，同 {@whole}。",
    ),
    (
        "The picture is not enlarged here: by itself the model makes its shorter side {n} "
        "(transform.min_size).",
        "此处不放大图像：模型本来会把短边放大到 {n}（transform.min_size）。",
    ),
    (
        "At most {n} places in the picture are looked at closely here, not {n2} (rpn_post_nms_top_n_test).",
        "此处最多细看图像中的 {n} 处，而非 {n2} 处（rpn_post_nms_top_n_test）。",
    ),
    (
        "At most {n} things are found here, not {n2} (box_detections_per_img).",
        "此处最多找出 {n} 个物体，而非 {n2} 个（box_detections_per_img）。",
    ),
    (
        "With --checkpoint these are as the model has them.",
        "使用 --checkpoint 时，这些设置与模型原有的相同。",
    ),
    (
        "it becomes a tensor of {@sizes} for each, where a word has {n} numbers",
        "它各得到一个 {@sizes} 的张量，而一个词有 {n} 个数",
    ),
    ("{@part} is empty, so that no part of the model takes it", "{@part} 为空，因此模型没有部分接受它"),
    (
        "{@network} takes a list of networks: shapeflow chose {n} of {@other}.",
        "{@network} 需要一组网络：shapeflow 选用了 {n} 个 {@other}。",
    ),
    (
        "{@network} runs with parts of a {@other}, which it was given.",
        "{@network} 借用 {@other} 的部分运行，已为其提供。",
    ),
    (
        "{@call} was called, without which it does not run.",
        "已调用 {@call}，否则它无法运行。",
    ),
    ("{@model} has no forward: its encode is run.", "{@model} 没有 forward：改为运行其 encode。"),
    (
        "config.json says that the weights are quantised ({method}): "
        "without them the layers, parameters and bytes here are those before that.",
        "config.json 表明权重经过量化（{method}）：此处没有读入权重，层、参数和字节数均为量化之前的。",
    ),
    (
        "{@config} names no token that pads a text: shapeflow chose {n}.",
        "{@config} 未指定填充文本的 token：shapeflow 选用了 {n}。",
    ),
    ("The weights are those in {folder}.", "权重取自 {folder}。"),
    ("The weights lack: {names}.", "权重文件缺少：{names}。"),
    ("The weights have what the model does not: {names}.", "权重文件中有模型没有的内容：{names}。"),
    (
        "{@name} has no defaults for all of its sizes: shapeflow chose {fields}.",
        "{@name} 并非所有尺寸都有默认值：shapeflow 选用了 {fields}。",
    ),
    (
        "The sizes of the text tower '{tower}' are the published ones; the hub was not asked for them.",
        "文本塔“{tower}”的尺寸取自已公布的数值，未向模型中心查询。",
    ),
    (
        "The threshold of scores is 0 here: with random weights hardly a box would be above the usual one.",
        "此处的得分阈值为 0：权重随机时，几乎没有框能超过通常的阈值。",
    ),
    (
        "The defaults of {@config} leave {@name} empty: shapeflow chose {chosen}.",
        "{@config} 的默认值未给出 {@name}：shapeflow 选用了 {chosen}。",
    ),
    (
        "The program was exported by torch.export; its modules are as {file} names them.",
        "该程序由 torch.export 导出，模块的名称取自 {file}。",
    ),
    (
        "The model was unpickled from {file}, which was trusted.",
        "模型由受信任的文件 {file} 反序列化得到。",
    ),
    (
        "A scripted model is run by torch's own interpreter: "
        "its operators are seen, and calls of its modules and lines of its source are not.",
        "TorchScript 模型由 torch 自己的解释器运行：能看到其中的算子，看不到模块的调用和源代码行。",
    ),
)
