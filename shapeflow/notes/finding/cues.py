"""Words that speak for or against a shape nearby, in several languages.

They are extra evidence only: what decides is how a list is built and where it stands. A language that is
missing here loses little.
"""

from __future__ import annotations

import re


def _cue(words: str, parts: str = "", edge: str = "A-Za-z") -> re.Pattern[str]:
    """Return a pattern of whole words, and of parts of words for languages that write these together.

    Args:
        words: patterns separated by blanks.
        parts: the same, found anywhere.
        edge: the characters, as in a set, that may not touch a whole word.
    """
    choices = [rf"(?<![{edge}])(?:{'|'.join(words.split())})(?![{edge}])", *parts.split()]
    return re.compile("|".join(choices), re.IGNORECASE)


SHAPES = _cue(
    r"""shapes? shaped dims? dimensions? dimensional(?:ity)? sizes? tensors? \w*tensor ndarrays? arrays?
    form gestalt dimension(?:en|es) größe tenseurs? forme taille dimensiones dimensión forma tamaño formato
    dimensões dimensão dimensioni tensore""",
    "形状 形狀 维度 維度 张量 張量 형태 형상 텐서 차원 모양 テンソル 次元 форм размерност тензор",
)
MATRICES = _cue(
    "matrix matrices vectors? matrizen? vektor(?:en)? vecteurs? matriz vectores matrice vettore vetor",
    "矩阵 矩陣 向量 行列 ベクトル 행렬 벡터 матриц вектор",
)
SIZE = _cue("sizes? größe taille tamaño tamanho dimensions?")
"""Words for a shape that are also said of pictures and kernels."""
KERNELS = _cue(
    r"""conv(?:s|\d\w*|_\w+|olu\w+|nets?|next\w*)? kernels? kernel_\w+ \w*pool\w* filters?
    patch(?:es|_sizes?)? windows? window_sizes? strides? paddings? pad dilations? tiles? cells? crops? grids?
    grid_size blocks? bins neighbou?rhoods? receptive upsampl\w* downsampl\w* deconv\w* depthwise pointwise
    faltung\w* noyaux? filtro""",
    """卷积 卷積 核 窗口 步长 步幅 填充 池化 补丁 畳み込み カーネル ストライド プーリング パッチ ウィンドウ
    커널 스트라이드 풀링 합성곱 윈도우 패치 свертк свёртк ядр окн""",
    edge="A-Za-z_",
)
PICTURES = _cue(
    """figure px pixels? images? imgs? pictures? photos? resolutions? res crops? videos? screens? thumbnails?
    bilder? auflösung résolution imágenes imagen resolución masks? input""",
    """像素 分辨率 解像度 解析度 画像 图像 图片 圖像 ピクセル 해상도 픽셀 이미지
    пиксел разрешен изображен""",
)
COSTS = _cue(
    """flops? macs? gflops gmacs params? parameters bytes octets kb mb gb gib mib mio memory operations ops
    elements weights complexity""",
    """参数 參數 计算量 复杂度 内存 显存 字节 パラメータ 計算量 メモリ 파라미터 메모리 연산
    параметр памят""",
)
CONFIGS = _cue(
    r"""strides? kernel\w* padding dilations? depths? widths? ratios? scales? betas? anchors? ranges?
    intervals? steps indices index idx axes axis order permut\w* milestones lrs? channels heads
    layers levels mean std thresholds? versions?""",
    """步长 通道数 层数 深度 比例 范围 区间 索引 下标 顺序 均值 方差 版本 範囲 インデックス
    범위 인덱스 индекс диапазон""",
)
REFERENCES = _cue(r"figs?\.? figures? tables? eqs?\.? equations? sections? refs? see pages? chapters?")
"""Words before the numbers of a paper, all of them small."""
TENSORS = _cue(
    r"""weights? bias(?:es)? gamma logits? masks? embeddings? scores matrix activations? gradients?
    latents? (?:hidden|feature)[_\ ]?(?:states?|maps?) gewichte? poids biais pesos máscara pesi masque""",
    "权重 偏置 掩码 嵌入 重み バイアス マスク 埋め込み 가중치 편향 마스크 임베딩 вес маск смещен",
)
"""What tensors are called."""
IDS = _cue("(?<!_)ids?")
"""Before two sizes the shape of ids, before more numbers the ids themselves."""
INPUTS = _cue(
    r"""inputs? in args? arguments? parameters? params takes? receives? eingaben? eingang entrées? entradas?
    entrada ingresso""",
    "输入 輸入 入力 입력 вход",
)
OUTPUTS = _cue(
    """outputs? out returns? returned results? yields? gives produces ausgaben? ausgang sorties? salidas?
    saídas? uscita""",
    "输出 輸出 出力 출력 返回 выход",
)
DEFAULT = re.compile(
    r"(?i)(?:\bdefaults?(?:\s+(?:to|is|value))?|默认(?:值)?(?:为|是)?|デフォルト\w?|기본값\w?|по умолчанию)"
    r"[\s:=`(*]*$"
)
CONFIG_NAME = re.compile(
    r"(?i)(?:^|_)(?:kernel|stride|dilation|padding|ratio|rate|depth|scale|factor|mean|std|betas?|sizes|dims|channels"
    r"|patch_size|window_size|image_size|img_size|input_size|crop|axes|axis|order|ids?|index|indices|anchors?"
    r"|levels|layers|blocks|heads|milestones)s?(?:_|$)"
)
"""What a setting is called whose value is a list of numbers."""
WIDTHS_OF_LAYERS = r"\w*(?:hidden|embed|mlp|layer|fc|block)_dims"
"""The same where the name ends as that of a shape does."""
TENSOR_PREFIX = re.compile(
    r"(?:.*\.)?(?:\w*Tensor|\w*tensor|(?:Size|TensorShape|TensorSpec|Input)\(?|(?:\w*_)?[Ss]hape(?:\(|=|=\()?"
    r"|NDArray|ndarray|[Aa]rray|(?:u?int|float|bfloat|complex)\d{1,3}|bf16|[fiu]\d{1,2}|bool|long|double|half"
    r"|float|int|Float|Int|Bool|Long|Num|Shaped|TensorType|ShapeDtypeStruct)$"
)
"""A word that touches the bracket of a shape: a type of tensor or of its elements."""
COORDINATES = frozenset(
    """x y z x0 y0 x1 y1 x2 y2 x3 y3 cx cy cz xc yc xmin ymin xmax ymax left top right bottom xy wh i j u r
    g R G t b l a
    lo hi low high min max start end begin stop lower upper first last theta phi dx dy dw dh sin cos
    q k v Q K V lat lon mean std mu sigma alpha beta gamma beta1 beta2 X Y Z""".split()  # noqa: SIM905 - shorter
)
TYPES = frozenset(
    """int float bool str list tuple dict set type optional required none null any callable tensor union
    sequence iterable literal enum object class function default true false yes no
    u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 usize isize""".split()  # noqa: SIM905 - shorter
)
"""What stands in brackets behind the name of a parameter."""
SENTENCE = re.compile(
    r"(?i)(?:.* )?(?:or|and|for|each|per|with|is|are|was|by|if|not|then|only)(?: .*)?"
    r"|(?:an|the|of)(?: .+)?|(?:a|in|on|to|as) .+"
)
"""Words of a sentence, and of no list of axes."""
ARGUMENT = re.compile(
    r"(?:^|_)(?:strides?|padding|dilation|ratio|rate|factor|lr|momentum|bias|dropout|drop|act|activation|norm|blocks?"
    r"|modules|branches|epochs?|repeats?|mode|type|name|value)(?:_|$)"
)
"""What a layer is made with, and no axis of a tensor."""
_AXIS = re.compile(
    r"(?:.*_)?(?:n|[a-z]{1,4}(?=len)|[a-z](?=dim))?(?:batch|minibatch|bs|bsz|bz|b|seq|sequence|len|length|l|t|time|times?teps?|frames?|height|width|h|w"
    r"|ch?|chann?els?|chan|dims?|dimensions?|d|features?|feats?|features?_?(?:in|out)|hidden|size|heads?|nheads?"
    r"|tokens?|vocab|embed|emb|embeddings?|classes|points?|n|num|nq|m|k|p|s|e|v|f|layers?|levels?|depth|queries"
    r"|windows?|patch(?:es)?|samples?|units?|boxes|rois|groups?|experts?|rank|codebooks?|bins|mels?|grid|pixels|slots?"
    r"|blocks?|chunks?|inner|outer|latents?|nodes|edges|neighbors|anchors|keypoints|proposals|beams?|positions"
    r"|spatial|temporal|rows|cols|columns|ctx|context)"
    r"(?:_(?:size|dims?|len|length|in|out|per_\w+|\w{1,3}))?\d?",
    re.IGNORECASE,
)
_AXIS_PART = re.compile(
    r"^(?:num|n|d|dim|embed|hidden|seq|batch|max|patch|head|vocab)_\w+"
    r"|^(?:number|no|num)_of_|批|样本数|序列|长|宽|高|通道|维|維|大小|数$|數$|バッチ|サイズ|チャネル|チャンネル|幅|系列|배치|채널|높이|너비|길이|차원|크기"
    r"|(?:канал|высот|ширин|длин|пакет|разм)\w*|(?:hauteur|largeur|longueur|canaux|lots?|höhe|breite|länge|kanäle"
    r"|stapel|alto|ancho|largo|canales|canais|lote|altura|largura|anchura|altezza|larghezza|canali)$",
    re.IGNORECASE,
)


_NO_AXIS = re.compile(r".*_v\d+|.*_to_.*|(?:[A-Z][a-z]+_){2,}[A-Z]\w*")
"""A version, what turns one thing into another, or a title of several words."""


def is_axis(name: str) -> bool:
    """Return whether a name is one that people give to an axis."""
    if _NO_AXIS.fullmatch(name):
        return False
    if _AXIS.fullmatch(name):
        return True
    return (name.isascii() or len(name) <= 8) and _AXIS_PART.search(name) is not None
