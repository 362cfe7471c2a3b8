"""Words of a text as tokens that names in code can be compared with, in four languages.

The table below knows the words that people use for parts of neural networks, and no model.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_TABLE = """
attention attn attentions mha 注意力 アテンション 注意機構 어텐션
self 自注意 自注意力 自己注意 自己アテンション 셀프
cross 交叉 交差 クロス 교차 크로스
encoder enc encode encoding_layer encoders 编码器 編碼器 エンコーダ エンコーダー 인코더
decoder dec decode decoders 解码器 解碼器 デコーダ デコーダー 디코더
query q queries 查询 查詢 クエリ 쿼리
key k keys キー
value v values 值向量 バリュー 밸류
image img images picture pictures pixel_values 图像 圖像 图片 影像 画像 이미지
pixel pixels 像素 ピクセル 画素 픽셀
vision visual vis 视觉 視覚 비전 시각
text txt texts 文本 文字 テキスト 텍스트
language lang 语言 言語 언어
token tokens tok 词元 トークン 토큰
embedding embed emb embeddings embedder 嵌入 埋め込み 埋込 임베딩
patch patches 图像块 切片 パッチ 패치
position pos positional positions 位置 ポジション 위치
feature feat feats features 特征 特徵 特徴 특징 피처
mask masks 掩码 掩膜 遮罩 マスク 마스크
box bbox boxes bboxes 边界框 边框 检测框 矩形 ボックス バウンディングボックス 박스
score scores 得分 分数 打分 スコア 점수 스코어
logit logits ロジット 로짓
class cls classes classification classifier 分类 分類 类别 クラス 분류 클래스
prediction pred preds predicted predict predictor predictions 预测 予測 예측
projection proj project projected projector projections 投影 映射 射影 투영 프로젝션
linear fc dense lin 线性 全连接 線形 全結合 선형
conv convolution convs convolutional conv2d 卷积 卷積 畳み込み コンボリューション 합성곱 컨볼루션
norm normalization layernorm batchnorm ln bn norms 归一化 規一化 正規化 정규화
ffn mlp feedforward feed_forward 前馈 前馈网络 フィードフォワード 全結合層 피드포워드
pool pooling pooled pooler avgpool maxpool 池化 プーリング 풀링
upsample upsampling upsampled interpolate 上采样 アップサンプリング 업샘플링
downsample downsampling down 下采样 ダウンサンプリング 다운샘플링
backbone 主干 骨干 主干网络 骨干网络 バックボーン 백본
neck 颈部 ネック 넥
head heads 多头 预测头 检测头 分类头 分割头 注意力头 ヘッド 헤드
layer layers 层 レイヤー レイヤ 層 레이어
block blocks blk 块 ブロック 블록
stage stages 阶段 ステージ 단계 스테이지
memory mem 记忆 メモリ 메모리
hidden hid 隐藏 隠れ 은닉 히든
state states 状态 状態 상태
sequence seq 序列 系列 시퀀스
residual skip shortcut 残差 スキップ 잔차
flatten flattened flat 展平 拉平 平坦化 평탄화
transpose transposed 转置 転置 전치
softmax 归一化指数
activation act 激活 活性化 활성화
dropout drop ドロップアウト 드롭아웃
audio speech wav waveform 音频 音声 오디오
spectrogram mel 频谱 スペクトログラム 스펙트로그램
time timestep timesteps 时间步 タイムステップ 타임스텝
noise 噪声 ノイズ 노이즈
label labels 标签 ラベル 레이블
vocab vocabulary lm 词表 語彙 어휘
weight weights 权重 重み 가중치
matrix matrices 矩阵 行列 행렬
parameter parameters param params 参数 パラメータ 파라미터 매개변수
bias 偏置 バイアス 편향
prompt prompts 提示 プロンプト 프롬프트
object objects obj 对象 目标 物体 オブジェクト 객체
instance instances 实例 インスタンス 인스턴스
semantic sem 语义 セマンティック 의미
segmentation seg segment 分割 セグメンテーション 분할 세그멘테이션
detection det detect 检测 検出 탐지
point points ポイント 포인트
level levels lvl 层级 レベル 레벨
scale scales 尺度 スケール 스케일
presence 存在
reference ref 参考 参照 참조
window windows 窗口 ウィンドウ 윈도우
channel channels 通道 チャネル チャンネル 채널
final last 最终 最後 最終 마지막 최종
initial init 初始 初期 초기
expand expansion 扩展 升维 拡張 확장
fusion fuse fused fused 融合 融合 융합
condition conditioned conditional cond 条件 조건
concat cat concatenate concatenated 拼接 连接 連結 연결
stem 茎
gate gating 门控 ゲート 게이트
router routing 路由 ルーター 라우터
expert experts 专家 専門家 전문가
context ctx 上下文 コンテキスト 컨텍스트
confidence conf 置信度 信頼度 신뢰도
"""
_PARTS = """
ffn linear1 linear2 fc1 fc2 c_fc intermediate gate_proj up_proj down_proj lin1 lin2 wi wo
attention scaled_dot_product_attention out_proj in_proj qkv
score scoring
class logit classifier
"""
PARTS_OF = {name: row.split()[0] for row in _PARTS.strip().splitlines() for name in row.split()[1:]}
"""Names of things -> what they are usually part of, or the same as."""
_GENERIC = """
layer block module stage level feature features head network net step time weight channel state value key
point first batch multi type dynamic num set get run arg data hidden model base
"""
GENERIC = frozenset(_GENERIC.split())
"""Words that many things are called by: they tell less than they are seldom."""
_STOPPED = """
the a an of to in is are and or for with by on as at from this that it its be into has have per each
shape shapes size dim dims dimension dimensions tensor tensors input inputs input output outputs out ins
torch float32 none not no we which then after before where when model nn module forward list dict
tuple true false return returns i j x y if else elif def self_ format default using use used
"""
STOPPED = frozenset(_STOPPED.split())
"""Words that say nothing on which tensor is meant; what is put in and comes out is told by the role."""

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")
_NUMBERED = re.compile(r"\b([A-Za-z]+)[ _]?(\d{1,2})(?![\d,.×x:*%]|\s*[×x*,]\s*\d)")


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    latin: dict[str, str] = {}
    other: dict[str, str] = {}
    for row in _TABLE.strip().splitlines():
        concept, *names = row.split()
        for name in (concept, *names):
            (latin if name.isascii() else other).setdefault(name, concept)
    return latin, other


LATIN, OTHER = _tables()


@lru_cache(maxsize=1 << 14)
def name_tokens(name: str) -> frozenset[str]:
    """Return what a name in code says: ``self_attn2`` says ``self``, ``attention`` and ``#2``."""
    found: set[str] = set()
    for word in re.findall(r"\w+", name):
        for part in word.split("_"):
            low = part.lower()
            if low in PARTS_OF:
                found.add(PARTS_OF[low])
            if low.isdecimal():
                found.add(f"#{int(low)}" if len(low) < 3 else low)
            elif low in LATIN:
                found.add(LATIN[low])
            else:
                found.update(_pieces(part))
        if word.lower() in PARTS_OF:
            found.add(PARTS_OF[word.lower()])
        if not word.isdecimal() and ("_" in word or any(sign.isdecimal() for sign in word)):
            found.add(f"={word.lower()}")
    return frozenset(found - STOPPED)


def _pieces(part: str) -> set[str]:
    """Return the words in one part of a name: those between capitals and digits."""
    pieces = [piece.lower() for piece in _PIECE.findall(part)]
    found = {LATIN.get(piece) or _stem(piece) for piece in pieces if not piece.isdecimal()}
    found |= {f"#{int(piece)}" for piece in pieces if piece.isdecimal() and len(piece) < 3}
    low = part.lower()
    if low in LATIN:
        found.add(LATIN[low])
    return {piece for piece in found if len(piece) > 1}


def _stem(word: str) -> str:
    """Return a word without the ending of its plural."""
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return LATIN.get(word, word)


@lru_cache(maxsize=1 << 14)
def text_tokens(text: str) -> frozenset[str]:
    """Return what words of a text say, as tokens; words beside each other also as one name."""
    found: set[str] = set()
    words = [(word.start(), word.end(), word[0].lower()) for word in _LATIN_NAME.finditer(text)]
    for _, _, word in words:
        found |= name_tokens(word)
    found |= {token for word in _CAMEL.findall(text) for token in name_tokens(word)}
    for (_, end, first), (start, _, second) in pairwise(words):
        if text[end:start] in (" ", "-"):
            found.add(f"={first}_{second}")
    for letter, number in _NUMBERED.findall(text):
        low = letter.lower()
        if low not in STOPPED or len(letter) == 1:
            found |= {f"#{int(number)}", f"={low}{int(number)}", f"={low}_{int(number)}"}
    if not text.isascii():
        found |= {concept for word, concept in OTHER.items() if word in text}
    return frozenset(found - STOPPED)


_LATIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CAMEL = re.compile(r"[A-Za-z]+[a-z][A-Z]\w*")


@lru_cache(maxsize=1 << 12)
def dotted_names(text: str) -> tuple[str, ...]:
    """Return names such as ``encoder.layers.0.self_attn`` in a text."""
    return tuple(_DOTTED.findall(text))
