"""How the inputs of a run were made, as its trace keeps it: what was asked for, and what adapters make."""

from __future__ import annotations

PAIRS: tuple[tuple[str, str], ...] = (
    (
        "the same texts, one token later, after the one that starts them",
        "相同的文本，整体后移一个 token，前面是起始 token",
    ),
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
        "made-up token numbers of {n} texts, {n2} and {n3} long, padded to {n4}",
        "{n} 段文本的虚构 token 编号，长度 {n2} 和 {n3}，填充到 {n4}",
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
    ("{*texts}, {n} of them for the picture", "{*texts}，其中 {n} 个代表图像"),
    ("{*texts}, {n} of them for the video", "{*texts}，其中 {n} 个代表视频"),
    ("{*texts}, {n} of them for the sound", "{*texts}，其中 {n} 个代表声音"),
    ("{*texts}, for {n} codebooks", "{*texts}，用于 {n} 个码本"),
    (
        "1 where a token stands for a part of a picture, 2 of a video",
        "token 代表图像的一部分时为 1，代表视频的一部分时为 2",
    ),
    ("every step is real", "每一步都是真实的"),
    ("a box for each of {n} tokens, corners from 0 to {n2}", "{n} 个 token 各有一个框，角点坐标 0 到 {n2}"),
    (
        "{n} pictures of {n2} x {n3} in {n4} channels, random numbers",
        "{n} 张 {n2} x {n3} 的图像，{n4} 个通道，随机数",
    ),
    (
        "{n} videos of {n2} frames of {n3} x {n4}, random numbers",
        "{n} 段 {n2} 帧的视频，每帧 {n3} x {n4}，随机数",
    ),
    ("{n} pictures of {n2} x {n3} patches, random numbers", "{n} 张图像，各 {n2} x {n3} 个图块，随机数"),
    (
        "{n} pictures of 1 frame, {n2} rows and {n3} columns of patches",
        "{n} 张图像，各 1 帧、{n2} 行 {n3} 列图块",
    ),
    (
        "as {@processor} makes them of {n} sounds of {n2} s at {n3} Hz",
        "由 {@processor} 从 {n} 段 {n2} 秒、{n3} Hz 的声音得到",
    ),
    (
        "as {@processor} makes them of {n} sounds of {n2} s at {n3} Hz, the second shorter",
        "由 {@processor} 从 {n} 段 {n2} 秒、{n3} Hz 的声音得到，第二段较短",
    ),
    ("{n} sounds of {n2} steps with {n3} numbers each", "{n} 段声音，各 {n2} 步，每步 {n3} 个数"),
    ("{n} waveforms of {n2} samples, random numbers", "{n} 段波形，各 {n2} 个采样点，随机数"),
    ("{n} spectrograms of {n2} bands, {n3} steps", "{n} 张声谱图，{n2} 个频带，{n3} 步"),
    ("{n} spectrograms of {n2} steps with {n3} bands", "{n} 张声谱图，{n2} 步，{n3} 个频带"),
    ("{n} steps of a spectrogram", "声谱图的 {n} 步"),
    ("{n} time series of {n2} steps", "{n} 条时间序列，各 {n2} 步"),
    ("{n} time series of {n2} steps to come", "{n} 条时间序列今后的 {n2} 步"),
    ("{n} features of each of {n2} steps", "{n2} 步中每步 {n} 个特征"),
    ("every step of the past was observed", "过去的每一步都有观测值"),
    ("no step is padding", "没有一步是填充"),
    ("the highest frequency, 0", "最高的频率，0"),
    (
        "the first {n} of {n2} patches are shown, the others are hidden",
        "{n2} 个图块中显示前 {n} 个，其余被遮住",
    ),
    ("{n} states", "{n} 个状态"),
    ("{n} actions", "{n} 个动作"),
    ("{n} rewards", "{n} 个回报"),
    ("steps {n} to {n2}", "第 {n} 到 {n2} 步"),
    ("features of {n} parts of each of {n2} pictures", "{n2} 张图像中每张 {n} 个部分的特征"),
    ("the places of {n} parts", "{n} 个部分的位置"),
    ("{n} vectors to look at", "供注意力读取的 {n} 个向量"),
    ("{n} vectors, random", "{n} 个随机向量"),
    (
        "{*made}, but all of one grey: the model looks for empty ones",
        "{*made}，但全为同一灰度：模型会查找空白的图像",
    ),
    ("{*texts}, and {n} that stand for something else", "{*texts}，另有 {n} 个代表其他内容"),
    ("1 at the {n} places of the picture", "图像所在的 {n} 个位置为 1"),
    ("{n} atoms of {n2} tokens in each of {n3} molecules", "{n3} 个分子，各 {n} 个原子、{n2} 个 token"),
    (
        "its cache cannot be built from its configuration, which does not say how many layers it has",
        "其缓存无法由配置构造，因为配置未说明层数",
    ),
    ("{*made}, in one channel", "{*made}，单通道"),
    ("{*made}, a list of them", "{*made}，以列表给出"),
    ("{*made}, the same for each part", "{*made}，各部分相同"),
    ("{value} for each part", "各部分均为 {value}"),
    (
        "{*made}, each {n} times, as the docstring of forward says",
        "{*made}，各重复 {n} 次，依 forward 的文档字符串",
    ),
    (
        "{*texts}, {n} of them for the pictures of two cameras",
        "{*texts}，其中 {n} 个代表两台相机的图像",
    ),
    (
        "a session on a video of {n} frames of {n2} x {n3}, random numbers, two phrases to look for",
        "一个会话：{n} 帧的视频，每帧 {n2} x {n3}，随机数，要查找两个短语",
    ),
    (
        "a session on a video of {n} frames of {n2} x {n3}, random numbers, "
        "one thing to follow, clicked at in the first",
        "一个会话：{n} 帧的视频，每帧 {n2} x {n3}，随机数，要跟踪首帧中点选的一个物体",
    ),
    ("the first frame", "首帧"),
    # what the networks of diffusers are given
    ("random numbers, a batch of {batch}", "随机数，批量为 {batch}"),
    ("{n} texts of {n2} vectors", "{n} 段文本，各 {n2} 个向量"),
    (
        "{n} texts of {n2} vectors of {n3} random numbers",
        "{n} 段文本，各 {n2} 个向量，每个向量 {n3} 个随机数",
    ),
    ("1 for each real vector of the texts, 0 for padding", "文本中真实的向量为 1，填充为 0"),
    ("the steps {n} and {n2} of the noise", "噪声的第 {n} 步和第 {n2} 步"),
    ("how closely the text is followed, {n}", "遵循文本的程度，{n}"),
    ("a vector", "一个向量"),
    ("a vector for each text", "每段文本一个向量"),
    ("a vector for each picture", "每张图像一个向量"),
    ("{*vectors}, {n} random numbers each", "{*vectors}，各 {n} 个随机数"),
    ("the place of each of {n} patches", "{n} 个图块各自的位置"),
    ("the place of each of {n} vectors of the text", "文本的 {n} 个向量各自的位置"),
    ("the place of each patch", "每个图块的位置"),
    ("the place of each vector of the text", "文本中每个向量的位置"),
    ("{n} classes below {n2}", "{n} 个小于 {n2} 的类别"),
    ("the sizes of the picture and what else it is conditioned on", "图像的尺寸以及其余的生成条件"),
    ("as the latents are", "与潜变量相同"),
    ("the first picture as latents", "第一张图像的潜变量"),
    ("{n} pictures of {n2} x {n3}", "{n} 张 {n2} x {n3} 的图像"),
    ("{@name} of the packed patches", "打包后的图块的 {@name}"),
    ("nothing is padding", "没有填充"),
    ("nothing is cut off", "没有裁剪"),
    ("cosine and sine of each place", "每个位置的余弦和正弦"),
    ("{n} frames a second", "每秒 {n} 帧"),
    (
        "{n} frames a second, how much moves, how much noise",
        "每秒 {n} 帧、运动的多少、噪声的多少",
    ),
    ("sizes, where it is cut off, how beautiful it is", "尺寸、裁剪的位置、美观的程度"),
    (
        "the steps {n} and {n2} of the noise, for each of {n3} parts",
        "噪声的第 {n} 步和第 {n2} 步，分别用于 {n3} 个部分",
    ),
    (
        "{n} texts of {n2} vectors of each of {n3} layers of {n4} random numbers",
        "{n} 段文本，{n3} 层中每层各 {n2} 个向量，每个向量 {n4} 个随机数",
    ),
    ("1 for each real vector of {@name}, 0 for padding", "{@name} 中真实的向量为 1，填充为 0"),
    (
        "random numbers as the {@layer} takes them that it goes into, {n} x {n2} vectors of {n3}",
        "随机数，按它进入的 {@layer} 的要求，{n} x {n2} 个向量，各 {n3} 个数",
    ),
    (
        "random numbers as the {@layer} takes them that it goes into, {batch}",
        "随机数，按它进入的 {@layer} 的要求，{batch}",
    ),
    ("zeros, numbers of an embedding", "零，嵌入表中的编号"),
    ("zeros of the shape ({dims}) that the docstring gives", "零，形状 ({dims}) 取自文档字符串"),
    ("ones of the shape ({dims}) that the docstring gives", "一，形状 ({dims}) 取自文档字符串"),
    (
        "random numbers of the shape ({dims}) that the docstring gives",
        "随机数，形状 ({dims}) 取自文档字符串",
    ),
    ("places in the sequence", "在序列中的位置"),
    ("a vector for each sound", "每段声音一个向量"),
    ("a protein of which nothing is given", "一个什么都未给定的蛋白质"),
    ("no mode", "不指定模式"),
    ("the first of its scales", "它的第一个尺度"),
    (
        "1 for each vector of the text, 0 for each patch, 2 for each vector of the sound",
        "文本的向量为 1，图块为 0，声音的向量为 2",
    ),
    ("the text, then a slot for each {n} patches", "先是文本，然后每 {n} 个图块一个位置"),
    ("cosine and sine, as the network itself makes them", "余弦和正弦，由网络自身给出"),
    ("what the encoder makes of the notes, and its mask", "编码器对音符的输出及其掩码"),
    ("an empty container of keys and values", "空的键值容器"),
    ("as the forward of this network takes it", "按该网络 forward 的要求"),
    ("as the forward of this network takes it, all {n}", "按该网络 forward 的要求，全部为 {n}"),
    (
        "as the forward of this network takes it, {n} tensors of random numbers",
        "按该网络 forward 的要求，{n} 个随机数张量",
    ),
    ("random numbers as the forward of this network takes it", "随机数，按该网络 forward 的要求"),
    # what the docstring of a forward tells
    (
        "zeros of the shape ({dims}) that the docstring of forward gives",
        "零，形状 ({dims}) 取自 forward 的文档字符串",
    ),
    (
        "ones of the shape ({dims}) that the docstring of forward gives",
        "一，形状 ({dims}) 取自 forward 的文档字符串",
    ),
    (
        "random numbers of the shape ({dims}) that the docstring of forward gives",
        "随机数，形状 ({dims}) 取自 forward 的文档字符串",
    ),
    ("{*made}; one thing in it", "{*made}；其中有一个物体"),
    (
        "a list of one picture of random numbers, {n} x {n2}",
        "只含一张随机数图像的列表，{n} x {n2}",
    ),
    # what files bring
    ("the example that the program was exported with", "导出该程序时所用的示例"),
)
