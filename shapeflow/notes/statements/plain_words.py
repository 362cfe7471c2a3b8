"""The words that join names and numbers in plain statements, and what the kinds of layers are called."""

from __future__ import annotations

_LATIN = """
transformer architecture structure summary tronc étages aufbau architektur struktur arquitectura
estructura bloc blocs main parts components sizes settings hyperparameters hidden ffn mlp vocab
vocabulary depth d_model configuration config konfiguration configuración head batch norms
normalisation everywhere bildet ab kernels alimente alimenta al fait passe größe breite breit
dimensions largeur ancho overview details global full self attention self-attention globale globalen
aufmerksamkeit atención глобальное внимание widens narrows maps projects expands shrinks dims dim
dimension wide width auf nach zu à parameter parameters param params parametern parameterzahl anzahl
the a an this is are has have with and of in at by to on uses use using contains contain consists
consist comprises made used reaches there here also total all altogether overall whole number stacks
stack stacked identical size takes gets receives goes into enters feeds output input through passes
passed fed rate flow data dataflow pipeline then next kernel window windows stride strides padding
conv convs convolution convolutions convolutional dropout eps epsilon momentum groups activation
activations function functions layer layers block blocks module modules model network linear
embedding norm pooling channels heads stem stage stages der die das den dem des ein eine einen ist
sind hat haben mit und von im aus nutzt verwendet benutzt besteht enthält hier insgesamt faltung
faltungen schicht schichten blöcke blöcken modul aktivierung aktivierungsfunktion schrittweite kern
kerngröße datenfluss fluss ausgabe geht wird bekommt erhält ans fließt modell netz le la les l un
une du de d est sont ont avec et dans en utilise contient compte comporte compose se noyau pas
nombre paramètre paramètres couche couches fonction taille tout flux sortie entre va reçoit prend au
modèle réseau el los las una del es son tiene tienen con y usa utiliza contiene convolución
convoluciones capa capas bloque bloques módulo activación función núcleo tamaño paso número
parámetro parámetros flujo datos salida recibe pasa entra modelo red il lo i gli di è ha e
convoluzione strato strati blocco blocchi attivazione funzione numero parametri flusso uscita riceve
modello rete o os as um uma do da é são tem com em convolução camada camadas bloco blocos ativação
função parâmetros fluxo saída recebe rede в и с из у это имеет использует содержит состоит свёртка
свертка свёрткой сверткой шаг шагом ядро ядром слой слоев слоёв слоя блок блоков блока активация
активации функция размер всего число параметр параметры параметров параметра поток данных выход
подаётся подается поступает получает модель сеть модели сети
"""
_OTHER = """
结构 概述 总结 概览 参数配置 構造 概要 まとめ 구조 개요 요약 配置 隐藏维度 词表 頭 注意力头 수 도
함수는 하나 내 里 都 第 全局注意力 全局自注意力 グローバル アテンション 将 从 维度 维 扩展到 扩展至
压缩回 压缩到 映射到 投影到 变为 到 次元 から 차원 에서 的 是 为 有 由 和 与 使用 采用 用 包含 组成
构成 卷积核 卷积 核 大小 步长 步幅 填充 激活函数 激活 函数 层 块 个 共有 共 一个 模块 窗口 池化 总共
总计 中 在 这里 数据流 流程 整体 输出 输入 送入 进入 传入 输入到 接收 参数总量 总参数量 参数数量 参数量
参数 模型 网络 归一化 注意力 头 パラメータ数 パラメータ は が の に を で と です である 個 からなる
使う する します 活性化関数 活性化 関数 カーネル サイズ ストライド パディング 畳み込み ブロック 持つ
持ちます 合計 流れ 出力 入力 入る 入ります 渡される モデル 全体 매개변수 파라미터 은 는 이 가 의 을 를
에 로 와 과 개 사용한다 사용합니다 사용 이다 입니다 활성화 함수 커널 크기 스트라이드 패딩 합성곱 레이어
블록 출력 입력 들어간다 전달된다 모델 총
"""
_CAPITALS = """
KV QKV QK RGB BN LN GN CNN RNN MHA GQA MQA RoPE CLS NCHW NHWC BCHW GPU CPU SDPA IoU PyTorch SwiGLU GEGLU
"""
PLAIN_WORDS = frozenset(_LATIN.split())
"""Of English, German, French, Spanish, Italian, Portuguese and Russian, in small letters."""
PLAIN_PIECES = tuple(sorted(_OTHER.split(), key=len, reverse=True))
"""Of Chinese, Japanese and Korean, the longest first: what a text without blanks is made of."""
ABBREVIATIONS = frozenset(_CAPITALS.split())
"""What is written in capitals and names no model."""
