"""What parts of neural networks are called in many languages; no word of it knows one model."""

from __future__ import annotations

CONCEPTS = """
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
"""Rows of a concept and its other names: as they stand in code and in English, Chinese, Japanese, Korean."""
STEMS = """
attention aufmerksamkeit* selbstaufmerksamkeit* atencion autoatencion attenzione autoattenzione atencao
    autoatencao aandacht* внимани* самовнимани* uwag* dikkat*
self selbst* autoattention* autoatencion autoattenzione autoatencao zelf* самовнимани* öz
cross kreuz* croise* cruzad* incrociat* перекрестн* çapraz*
encoder encodeur* codificador* codificatore* codificatori kodierer* кодировщик* энкодер* кодер* kodlayıcı*
    koder*
decoder décodeur* decodificador* decodificatore* decodificatori dekodierer* декодер* декодировщик* çözücü*
    dekoder*
query abfrage* anfrage* requête* consulta* interrogazion* запрос* sorgu* zapytan*
key schlüssel* clé clés clef clefs clave claves chave chaves chiav* ключ* anahtar* klucz* sleutel*
value wert* valeur* valor valores valore valori значени* değer* wartoś* waarde*
image bild* imagen imágenes imagem imagens immagin* изображени* картинк* görüntü* obraz* afbeelding*
pixel píxel* пиксел* piksel*
vision visuel* visuell* visiv* визуальн* зрени* görsel*
text texte* texto* testo testi текст* metin* tekst*
language sprach* langue* langage* lengua* linguag* lingua* язык* языков* dil
token jeton* токен*
embedding einbettung* plongement* incrustacion* incorporac* эмбеддинг* вложени* gömme*
patch kachel* parche* патч* yama*
position posicion* posiç* posizion* позици* konum* pozycj*
feature merkmal* caractéristique* característica* caratteristic* признак* öznitelik* cech* kenmerk*
mask maske* masque* máscara* mascher* маск* maska*
box boîte* caja* caixa* riquadr* рамк* kutu*
score bewertung* puntuac* puntaje* pontuaç* punteggi* оценк* skor*
class klasse* clase clases classi classe классов класс* sınıf* klas*
prediction vorhersage* prédiction* predicc* prediç* previsão previsões prevision* предсказани* tahmin*
projection projektion* proyecc* projeç* proiezion* проекц* проецир* izdüşüm*
linear lineal* linéaire* lineare lineari линейн* полносвязн* doğrusal*
conv faltung* convolucion* convoluç* convoluz* свертк* сверточн* evrişim* splot* konvol*
norm normalisierung* normalizac* normalizaç* normalizzazion* нормализац* normalleştirme*
pool пулинг* havuzlama* agrupament* agrupamient*
upsample hochskalier* suréchantillon* sobremuestre* sovracampion* sobreamostr* повышающ*
downsample herunterskalier* souséchantillon* submuestre* sottocampion* subamostr* понижающ*
backbone rückgrat* ossature* dorsale* omurga*
neck hals шея
head kopf* köpfe* kopfausgabe* tête* cabeza* cabezal* cabeça* testa testin* голов* başlı* baş hoofd*
layer schicht* couche* capa capas camada* strato strati слой слои слоя слоев слою слое слоем слоях слоям
    katman* warstw* laag lagen
block bloque* bloco* blocco blocchi bloc blocs блок* blok*
stage stufe* étage* étape* etapa* estágio* stadi* fase fasi стади* этап* aşama*
memory gedächtnis* mémoire* memoria memória память памяти bellek*
hidden verborgen* versteckt* oculta* oculto* nascost* скрыт* gizli*
state zustand* état* estado* stato stati состояни* durum*
sequence sequenz* secuencia* sequência* séquence* последовательност* dizi*
residual residuel* résiduel* residuo* resíduo* остаточн* artık
flatten plattgemacht* abgeflacht* aplan* aplat* achata* appiatt* выпрямл* разворачива* düzleştir*
transpose transponier* transpos* traspost* transpuest* traspues* транспонир*
activation aktivierung* activacion* ativaç* attivazion* активац* aktivasyon*
audio аудио* звук* ses
spectrogram spektrogramm* espectrograma* spettrogramm* спектрограмм*
time zeitschritt* tiempo* tempo temps время времени временн* zaman* zeit*
noise rauschen* rausch bruit* ruido* ruído* rumore шум* gürültü*
label etikett* étiquette* etiqueta* rótulo* etichett* метк* etiket*
vocab wortschatz* vokabular* vocabul* vocabolari* словар* kelime*
weight gewicht* poids peso pesos pesi вес веса весов весам весами весах ağırlı* wagi waga bobot
matrix matrize* matrizen* matrice* matriz* матриц* matris* macierz*
parameter paramètre* parámetro* parâmetro* parametr* параметр*
bias biais sesgo* viés verzerrung* смещени*
prompt промпт*
object objekt* objet objets objeto* oggett* объект* nesne*
instance instanz* instancia* instância* istanz* экземпляр*
segmentation segmentierung* segmentac* segmentaç* segmentazion* сегментац*
detection erkennung* detección detecç* rilevament* обнаружени* детекц* tespit*
point punkt* puntos ponto* punti точк* nokta*
level ebene* niveau* nivel* nível* níveis livell* уровн* seviye*
scale skala* skalen* échelle* escala* scala scale масштаб* ölçek*
window fenster* fenêtre* ventana* janela* finestr* окн* окон* pencere*
channel kanal* kanäl* canal* canaux canais canali канал*
final letzt* endgültig* dernier* derniè* último* última* ultimo ultima ultimi ultime последн* итогов*
    финальн* son
initial anfang* anfänglich* inicial* iniziale* начальн* исходн*
expand erweiter* élargi* amplía* amplia* espans* расширени* расширя*
fusion verschmelz* fusión fusão fusione слияни* füzyon*
condition bedingung* condición* condição* condizion* услови* koşul*
concat verkett* konkaten* concatén* concaten* конкатен* birleştir*
gate gatter* puerta compuerta* гейт* kapı*
expert experte* experto* especialista* esperto esperti эксперт* uzman*
context kontext* contexte* contexto* contesto контекст* bağlam*
"""
"""Rows of a concept and its names in languages that inflect, or join, words: of German, French, Spanish,
Portuguese, Italian, Dutch, Russian, Turkish and Polish; ``*`` stands for any ending. A row goes on where it
is indented."""
PARTS = """
ffn linear1 linear2 fc1 fc2 c_fc intermediate gate_proj up_proj down_proj lin1 lin2 wi wo
attention scaled_dot_product_attention out_proj in_proj qkv
score scoring
class logit classifier
"""
"""Rows of a concept and names of things that are usually part of it, or the same as it."""
GENERIC_WORDS = """
layer block module stage level feature features head network net step time weight channel state value key
point first batch multi type dynamic num set get run arg data hidden model base
"""
STOPPED_WORDS = """
the a an of to in is are and or for with by on as at from this that it its be into has have per each
shape shapes size dim dims dimension dimensions tensor tensors input inputs input output outputs out ins
torch float32 none not no we which then after before where when model nn module forward list dict
tuple true false return returns i j x y if else elif def self_ format default using use used
"""
