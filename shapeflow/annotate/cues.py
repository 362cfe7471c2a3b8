"""Words that speak for or against a shape nearby, in several languages.

They are extra evidence only: what decides is how a list is built and where it stands. A language that is
missing here loses little.
"""

from __future__ import annotations

import re


def _words(text: str, whole: bool = True, edge: str = "A-Za-z") -> re.Pattern[str]:
    """Return a pattern of words separated by blanks: whole ones, or parts of words."""
    inner = "|".join(text.split())
    return re.compile(rf"(?<![{edge}])(?:{inner})(?![{edge}])" if whole else f"(?:{inner})", re.IGNORECASE)


SHAPE = _words(
    "shapes? shaped dims? dimensions? dimensional(?:ity)? sizes? tensors? \\w*tensor ndarrays? arrays? torch.Size "
    "form gestalt dimension(?:en|es|s)? größe tenseurs? forme taille dimensiones dimensión forma tamaño formato "
    "dimensões dimensão dimensioni tensore"
)
SHAPE_PARTS = _words("形状 形狀 维度 維度 张量 張量 형태 형상 텐서 차원 テンソル 次元 форм размерност тензор", whole=False)
"""Of languages that write words together, or bend their ends."""
SIZE = _words("sizes? größe taille tamaño tamanho dimensions?")
"""Words that are also said of pictures and kernels."""
TENSOR_PREFIX = re.compile(
    r"(?:.*\.)?(?:\w*Tensor|\w*tensor|Size\(?|TensorShape\(?|TensorSpec\(?|(?:\w*_)?[Ss]hape(?:\(|=|=\()?|ndarray|Array|array"
    r"|(?:u?int|float|bfloat|complex)\d{1,3}|bf16|[fiu]\d{1,2}|bool|long|double|half|float|int|Float|Int|Bool|Long|Num"
    r"|Shaped|FloatTensor|TensorType|NDArray|ShapeDtypeStruct|Input\(?)$"
)
DIM_WORD = re.compile(
    r"(?:.*_)?(?:batch|bs|bsz|bz|b|seq|len|length|l|t|time|times?teps?|frames?|height|width|h|w|ch?|channels?|chan|dims?|d"
    r"|dimensions?|features?|feats?|hidden|size|heads?|nheads?|tokens?|vocab|embed|emb|embeddings?|classes|points?|n|num|nq|m"
    r"|k|p|s|e|v|f|layers?|levels?|depth|queries|windows?|patch(?:es)?|samples?|boxes|rois|features?_?(?:in|out)"
    r"|groups?|experts?|rank|codebooks?|bins|mels?|grid|pixels|slots?|blocks?|chunks?|inner|outer|latents?|minibatch|nodes|edges|neighbors|anchors|keypoints|proposals|beams?|groups|"
    r"chann?els?|sequence|positions|spatial|temporal|rows|cols|columns|ctx|context)"
    r"(?:_(?:size|dim|dims|len|length|in|out|per_\w+|\w{1,3}))?\d?",
    re.IGNORECASE,
)
DIM_STEM = re.compile(
    r"^(?:num|n|d|dim|embed|hidden|seq|batch|max|img|image|patch|head|kv|q|k|total|tgt|src|target|source|in|out|vocab)_\w+"
    r"|批|样本数|序列|长|宽|高|通道|维|維|大小|数$|數$|バッチ|チャネル|チャンネル|幅|系列|배치|채널|높이|너비|길이|차원|"
    r"(?:канал|высот|ширин|длин|пакет|разм)\w*|(?:hauteur|largeur|longueur|canaux|lots?|höhe|breite|länge|kanäle|stapel|alto|ancho|"
    r"largo|canales|canais|lote|altura|largura|anchura|altezza|larghezza|canali|taille_\w+|tamaño_?\w*)$",
    re.IGNORECASE,
)
"""Beginnings and parts of names of axes."""
COORDINATES = frozenset(
    "x y z x0 y0 x1 y1 x2 y2 x3 y3 cx cy cz xc yc xmin ymin xmax ymax x_min y_min x_max y_max left top right bottom xy wh i j u "
    "r g R G t b l u a lo hi low high min max start end begin stop lower upper first last theta phi dx dy dw dh sin cos q k v Q K V lat lon mean std mu sigma alpha beta gamma beta1 beta2 a X Y Z".split()
)
TYPES = frozenset(
    "int float bool str list tuple dict set type optional required none null any callable tensor list[int] union sequence "
    "iterable literal enum object class function default true false yes no".split()
)
"""What stands in brackets behind the name of a parameter."""
KERNEL = _words(
    "conv\\w* kernels? kernel_\\w+ \\w*pool\\w* filters? patch(?:es|_sizes?)? windows? window_sizes? strides? paddings? pad "
    "dilations? tiles? cells? crops? grids? grid_size blocks? bins neighbou?rhoods? receptive upsampl\\w* downsampl\\w* "
    "deconv\\w* depthwise pointwise faltung\\w* noyaux? filtro matrix matrices rotation",
    edge="A-Za-z_",
)
KERNEL_PARTS = _words("卷积 卷積 核 窗口 步长 步幅 填充 池化 补丁 畳み込み カーネル ストライド プーリング パッチ ウィンドウ 커널 스트라이드 풀링 합성곱 윈도우 패치 свертк свёртк ядр окн", False)
PICTURE = _words("px pixels? images? imgs? pictures? photos? resolutions? res crops? videos? screens? thumbnails? bilder? auflösung résolution imágenes imagen resolución masks? input")
PICTURE_PARTS = _words("像素 分辨率 解像度 解析度 画像 图像 图片 圖像 ピクセル 해상도 픽셀 이미지 пиксел разрешен изображен", False)
COST = _words("flops? macs? gflops gmacs params? parameters bytes kb mb gb gib mib memory operations ops elements weights complexity")
COST_PARTS = _words("参数 參數 计算量 复杂度 内存 显存 字节 パラメータ 計算量 メモリ 파라미터 메모리 연산 параметр памят", False)
CONFIG = _words(
    "strides? kernel\\w* padding dilations? depths? widths? ratios? scales? betas? anchors? ranges? intervals? steps indices index "
    "idx ids? axes axis order permut\\w* milestones lrs? channels heads layers levels mean std thresholds? versions? figs?\\.? "
    "figures? tables? eqs?\\.? equations? sections? refs? see pages? chapters? coordinates? coords?"
)
CONFIG_PARTS = _words("步长 通道数 层数 深度 比例 范围 区间 索引 下标 顺序 均值 方差 坐标 版本 座標 範囲 インデックス 범위 인덱스 좌표 индекс координат диапазон", False)
INPUT = _words("inputs? in args? arguments? parameters? params takes? receives? eingaben? eingang entrées? entradas? entrada ingresso вход\\w*")
INPUT_PARTS = _words("输入 輸入 入力 입력 вход", whole=False)
OUTPUT = _words("outputs? out returns? returned results? yields? gives produces ausgaben? ausgang sorties? salidas? saídas? uscita")
OUTPUT_PARTS = _words("输出 輸出 出力 출력 返回 выход", whole=False)


def has(pair: tuple[re.Pattern[str], re.Pattern[str]], text: str) -> bool:
    """Return whether a text has a word of either pattern."""
    return bool(pair[0].search(text) or pair[1].search(text))


DEFAULT = re.compile(r"(?i)(?:\bdefaults?(?:\s+(?:to|is|value))?|默认(?:值)?(?:为|是)?|デフォルト\w?|기본값\w?|по умолчанию)[\s:=`(*]*$")
CONFIG_NAME = re.compile(r"(?i)(?:^|_)(?:kernel|stride|dilation|padding|ratio|rate|depth|scale|factor|mean|std|betas?|sizes|dims|channels|patch_size"
    r"|window_size|image_size|img_size|input_size|crop|axes|axis|order|ids?|index|indices|anchors?|levels|layers|blocks|heads|milestones)s?(?:_|$)")
"""What a setting is called, whose value is a list of numbers."""
SHAPES = (SHAPE, SHAPE_PARTS)
KERNELS = (KERNEL, KERNEL_PARTS)
PICTURES = (PICTURE, PICTURE_PARTS)
COSTS = (COST, COST_PARTS)
CONFIGS = (CONFIG, CONFIG_PARTS)
INPUTS = (INPUT, INPUT_PARTS)
OUTPUTS = (OUTPUT, OUTPUT_PARTS)
