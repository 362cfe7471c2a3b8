"""Mentions of shapes are found in any notation and language, and what only looks like one is left alone."""

from __future__ import annotations

import pytest

from shapeflow.notes.mention import Kind, Mention
from shapeflow.notes.reading.note import note_from_text


def mentions(text: str, kind: Kind = "markdown") -> list[Mention]:
    """Return the mentions of a text, each checked to be where it says."""
    note = note_from_text(text, kind)
    for mention in note.mentions:
        lines = note.lines if mention.span.cell is None else note.cells[mention.span.cell]
        line = lines[mention.span.line - 1]
        assert line[mention.span.column - 1 : mention.span.end - 1] == mention.text
        assert len(mention.dims) == len(mention.pattern.dims)
        assert all(mention.span.column <= a < b <= mention.span.end for a, b in mention.dims)
    return list(note.mentions)


def shapes(text: str, kind: Kind = "markdown") -> list[str]:
    """Return the shapes that a text states, in our notation."""
    return [str(mention.pattern) for mention in mentions(text, kind)]


STATED = {
    # Lists in brackets.
    "The stem gives [2, 64, 112, 112].": "[2, 64, 112, 112]",
    "queries: (B, Nq, C)": "[B, Nq, C]",
    "its output has shape `(batch, tokens, width)`": "[batch, tokens, width]",
    "x.shape is torch.Size([8, 77, 512])": "[8, 77, 512]",
    "`boxes` (FloatTensor[N, 4]) in pixels": "[N, 4]",
    "labels of shape (N,)": "[N]",
    "returns a tensor of shape [..., H // 2, W // 2]": "[..., H // 2, W // 2]",
    "fed with (None, 224, 224, 3)": "[_, 224, 224, 3]",
    "tokens [B, 1 + H*W/P², D] go in": "[B, 1 + H*W/P*P, D]",
    "feat[2, 256, 32, 32] is pooled": "[2, 256, 32, 32]",
    "(batch=4, heads=8, length=128, length=128)": "[4, 8, 128, 128]",
    "mask of shape (batch size, 1, key length)": "[batch_size, 1, key_length]",
    "hidden = [n layers * n directions, batch size, dim]": "[n_layers * n_directions, batch_size, dim]",
    "weighted: [배치 크기, 1, 히든 차원 * 방향의 수]": "[배치_크기, 1, 히든_차원 * 방향의_수]",
    "the items have shape (B, S*, D)": "[B, S_star, D]",
    "mask: [b, 1, t_y, t_x]": "[b, 1, t_y, t_x]",
    "Create a tensor with shape `(7, 7)`.": "[7, 7]",
    "heads give (B, 3x(4+1+80), HxW)": "[B, 3*(4+1+80), H*W]",
    "输入是 32x32 的张量": "[32, 32]",
    r"features \((|\mathcal{V}|, F_{in})\) go in": "[V, F_in]",
    "coords of shape (num_rays:..., 2)": "[..., 2]",
    "tokens, shape = (batch_size, <= n_ctx)": "[batch_size, _]",
    "it gives (n, classes, height/2^4, width/2^4)": "[n, classes, height/16, width/16]",
    "and reach a [197, 768] matrix": "[197, 768]",
    "weights of shape\n(4*hidden_size, input_size)\n---": "[4*hidden_size, input_size]",
    "# flatten it to HWxNxC": "[HW, N, C]",
    "| weight | shape |\n|---|---|\n| ln.weight | [1024] |": "[1024]",
    "flattened to (B, **3136**)": "[B, 3136]",
    "Die Form ist (*B*, *C*, *H*, *W*)": "[B, C, H, W]",
    "**1x512x24x120x212** comes out": "[1, 512, 24, 120, 212]",
    "Consider a simple `[4, 2]` tensor": "[4, 2]",
    "`[输入: B*N, 1, 480, 960]`": "[B*N, 1, 480, 960]",
    "Batch first (input shape: batch, seq, feature)": "[batch, seq, feature]",
    "joined [batch_size, 512+256, 7, 7]": "[batch_size, 512+256, 7, 7]",
    "u1: [B, 128, ~T/4]": "[B, 128, T/4]",
    "features [B, 512, T'=800]": "[B, 512, 800]",
    "flattened: `[B, 7*(256+2)=1806, 1024]`": "[B, 1806, 1024]",
    "输出形状：(批次, 通道, 高, 宽)": "[批次, 通道, 高, 宽]",
    # Products.
    "Stage 2: 1 × 128 × 28 × 28": "[1, 128, 28, 28]",
    "the patches are 1x196x768": "[1, 196, 768]",
    "features: B x C x H x W": "[B, C, H, W]",
    "Output: H/8 × W/8 × 512": "[H/8, W/8, 512]",
    "joined: (B, 256+128=384, 16, 16)": "[B, 384, 16, 16]",
    "joined: (B, 4*h_dim=512, N)": "[B, 512, N]",
    "output of shape (Batch × 128)": "[Batch, 128]",
    "reshaped to [batchxCxHxW]": "[batch, C, H, W]",
    "keys: S(=1) x B x 512": "[1, B, 512]",
    r"특징 지도의 크기는 64$\times$28$\times$28 이다": "[64, 28, 28]",
    "a map of 3&times;480&times;640": "[3, 480, 640]",
    # Formulas.
    r"$X \in \mathbb{R}^{B \times N \times d_{model}}$": "[B, N, d_model]",
    r"$Z\in\mathbb{R}^{\frac{H}{4} \times \frac{W}{4} \times C}$": "[H/4, W/4, C]",
    r"multiplied by $\mathbf{W}_{n \times d}$": "[n, d]",
    "M ∈ ℝ^(K×H×W)": "[K, H, W]",
    r"a matrix of shape $n \times d_{\text{model}}$": "[n, d_model]",
    r"$W_Q$ has shape $d_{\text{model}} \times d_{\mathrm{k}}$": "[d_model, d_k]",
    "mask m ∈ {0,1}^{H×W}": "[H, W]",
    r"Input: :math:`(N, C_{\text{in}}, L)`": "[N, C_in, L]",
    "Reconstructed waveform (N,).": "[N]",
    "이 때 손실은 (1,) shape 을 갖는다": "[1]",
    "the affinity is K x K": "[K, K]",
    # Axes as jaxtyping and einops write them.
    '`x: Float[Tensor, "b c h w"]` goes in': "[b, c, h, w]",
    "scores: Float32[torch.Tensor, '*batch 3']": "[..., 3]",
    # Products of names only where a word says that they are a shape.
    "randnで1*1*emb_dimのテンソルを得る": "[1, 1, emb_dim]",
    # A lone name in parentheses behind a word for a shape, and what is inside a dim in parentheses.
    "pos (`torch.LongTensor` of shape `(batch_size)`)": "[batch_size]",
    "images (N, in_channels (3), 64, 64)": "[N, 3, 64, 64]",
    "the view [1, 128, 128, 128](all the same!)": "[1, 128, 128, 128]",
    # Without brackets.
    "B, N, C = 4, 197, 768": "[4, 197, 768]",
    # Other languages, and full-width signs.
    "出力：［１，256，64，64］": "[1, 256, 64, 64]",
    "编码器的输出形状为（批大小，序列长度，512）": "[批大小, 序列长度, 512]",
    "입력 텐서의 크기는 [배치, 3, 224, 224] 입니다": "[배치, 3, 224, 224]",
    "Der Encoder liefert einen Tensor der Form (B, 49, 768).": "[B, 49, 768]",
    "La sortie est de forme [1, 100, 92].": "[1, 100, 92]",
    "La salida tiene forma (lote, 10, 64)": "[lote, 10, 64]",
    "На выходе тензор 1×512×7×7": "[1, 512, 7, 7]",
    "Το αποτέλεσμα είναι [2, 77, 1024]": "[2, 77, 1024]",
    "ผลลัพธ์ [4, 16, 256] ": "[4, 16, 256]",
}


@pytest.mark.parametrize("text", STATED)
def test_a_shape_is_found_in_any_notation(text: str) -> None:
    assert shapes(text) == [STATED[text]]


NOT_STATED = [
    "we have several (variants: S, M, L) here",
    "an MLP with `hidden_dims=(96, 48)` follows",
    "an LSTM (hidden_size=128, num_layers=2) with a head",
    "attention (d_model=768, num_heads=12, head_dim=64) costs more",
    "### Stage 0 (64ch, stride=2)",
    "figures of shape (max=99, min=10)",
    "then merge `(T, st) -> T*st`",
    "Linear 层可以处理各种形状（二维、三维、四维）的输入数据",
    "嵌入维度不对齐(属于更底层的理解，一般用不到)",
    "projection d_model → head_dim×num_groups",
    "projection 768→64×4=256",
    "QKV: 64 → 3 × 64 (bias=True)",
    "la matrice contient 64×4×61²×4 octets",
    "| parameter | value |\n|---|---|\n| `out_channels` | `[192, 384, 384]` |",
    "the table of **16×** so many",
    "| group0 | DWBlock | BN×2 | ReLU |",
    "it only runs with T∈[191, 222] samples",
    "ConvTranspose(k=5, s=2, p=2, op=1) doubles it",
    "a DataLoader of tensors (batch_size=64, num_workers=4)",
    "- hidden size of the MLP: 3072 (768×4) units",
    "Q = X × W_Q and K = C × W_K",
    "| conv2_x | 7 blocks | [1×1, 64; 3×3, 64; 1×1, 256] | ×3 |",
    "the encoder has Stage 1 (Bottleneck × 3)",
    "a 3×3 convolution with stride (2, 2) and padding (1, 1)",
    "kernel size (7, 7), window 12×12, patches of 16 x 16",
    "Conv2d(64, 128, kernel_size=(3, 3), stride=(2, 2))",
    "`nn.Linear(256, 1024)` and `x.permute(0, 2, 1)`",
    "`x[:, 0]`, `x[0, 1]` and `feats[i, j]`",
    "values in [0, 1] or (-1, 1), clipped to [0, 255]",
    "see [12, 15] and [3, 4, 5]",
    "released in 2021, 2022 and (2023, 2024)",
    "depths (2, 2, 18, 2) and widths [96, 192, 384, 768]",
    "a 1920×1080 picture, resized to 640x480 pixels",
    "boxes as (x1, y1, x2, y2) or (cx, cy, w, h)",
    "72 × 72 = 5184 tokens",
    "the cost is 2 × 196 × 768 × 768 FLOPs",
    "queries, keys and values (Q, K, V)",
    "[a guide](docs/guide.md) and ![picture](a, b)",
    "torch 2.1, CUDA (11, 8), version 1.2.3",
    "(the decoder, see below) and (list, tuple)",
    "optimizer = AdamW(lr=1e-4, betas=(0.9, 0.999))",
    "卷积核大小为（3，3），步长为（2，2）",
    "カーネル 3×3、ストライド（2, 2）",
    "levels [P3, P4, P5]",
    "1,024 and 12,288 and 124,412,160 parameters",
    "a list of (name, value) pairs",
    "runs on (0, 1, 2, 3)",
    "mean (R, G, B)",
    "| sizes | 7B, 13B |",
    "an archive (64 kB), eps (1e-6), at (5)",
    "pairs (x_train, y_train) and (input_a, label, mask)",
    "n_layer=24, n_head=16, n_embd=1024",
    r"points of $\mathbb{R}^2$ at a rate of $\frac{P\times R}{P+R}$",
    "`[d, e, f, g]`, `[Y_1, Y_2]` and (t_1, t_2, ..., t_n)",
    "made of in_channels, out_channels, kernel_size, stride, padding",
    "colours (红、黄、蓝) and (노랑, 주황, 빨강)",
    "trained on 3,650,000 documents (12,000,045)",
    "MiniLM (12-layer, 384-hidden) and (European Journal of Physics, 2019)",
    "fn name(s: &'static [u8; 12])",
    "| form | 26 × 6 cm |",
    "backbones: Swin_v1, PVT_v2, ConvNets, ...",
    "anchors: [142, 110],[192, 243],[459, 401]",
    "ids in `[0, ..., vocab_size]`, Total Size (MB): 0.58",
    "given in (h, w) form",
    "print(array[i] + 1)",
    "the states (h_0, c_0) and parameters (A, B)",
    "for all ($k=1, \\ldots, K$)",
    "(5): AdaptiveMaxPool2d(output_size=(1, 1))",
    "Tuple of `torch.Tensor` (one for each layer), padded height and width (pad_height, pad_width)",
    "the last dimension is the x (vertical) and y (horizontal), two tensors (k or v)",
    "embedding dims are [64, 128, 320, 512]; see `test_x.py::test_shapes[224]`, `[256]`",
    "the input size is (800, 1333), B*H*W rows, 32 heads × 128 dim",
    "each layer (l = 1, 2, ..., L) and the embedding dimension (n_embd)",
    r"for all $t \in [1, T]$, $i \in [1, 2, ..., d]$ and $f: A \rightarrow \mathbb{R}^m$",
    "bytes ≈ batch × seq_len × n_layers × bytes_per_elem on an 8xA100 server",
    "of the form {(string_A, string_B): rank}; resized to the exact size `(height, width)`",
    "pinpoints `[[336, 672], [672, 336], [672, 672]]`",
    "- lin1: 2×64 + 64 (bias) = 192, lin2: 64×64 + 64 = 4,160",
    "↓ Basic Block ×3",
    r"pairs $(\mathbf{C}_i, \mathbf{F}_i)$ of points $(I_n,\, Q_n)$",
]


@pytest.mark.parametrize("text", NOT_STATED)
def test_what_only_looks_like_a_shape_is_left_alone(text: str) -> None:
    assert shapes(text) == []


IN_CONTEXT = {
    # Lists that say little alone: their axes are those of the other shapes.
    "Images (2, 3, 224, 224) become (2, 768, 7, 7), then tokens (2, 50, 768). The class token (2, 768) "
    "is kept, and projected: (2, 512).": [
        "[2, 3, 224, 224]",
        "[2, 768, 7, 7]",
        "[2, 50, 768]",
        "[2, 768]",
        "[2, 512]",
    ],
    "tokens: (4, 16, 768)\n\nThe matrix, 50257 × 768, is shared.": ["[4, 16, 768]", "[50257, 768]"],
    "xyz: points of shape [B, N, 3]\nidx: shape [B, npoint, nsample]\n\ncentroids, [B, npoint]": [
        "[B, N, 3]",
        "[B, npoint, nsample]",
        "[B, npoint]",
    ],
    "X and W have shapes (3, 1), (1, 4) and (4, 4).": ["[3, 1]", "[1, 4]", "[4, 4]"],
    r"The matrix has a size of $4 \times 3$, the input of $3 \times 1$ and the output of $4 \times 1$.": [
        "[4, 3]",
        "[3, 1]",
        "[4, 1]",
    ],
    "It has convolutions of 1×7 and 7×1, then 3×3 and 5×5.": [],
    "outputs:\n```\na: [1, 200, 4]\nb: [1, 200, 256]\nc: [1, 300, 256]\nd: [1, 1]\n```": [
        "[1, 200, 4]",
        "[1, 200, 256]",
        "[1, 300, 256]",
        "[1, 1]",
    ],
    "`Data(x=[34, 34], edge_index=[2, 156], y=[34])`": ["[34, 34]", "[2, 156]", "[34]"],
    "`Head(channels=[256, 512], strides=[16, 32], in_channels=[256, 512])`": [],
    "```\n>>> x.shape\n(2, 3)\n>>> line.split()\n(93, 100)\n>>> y = f(x)  # [2, 768]\n```": [
        "[2, 3]",
        "[2, 768]",
    ],
    "```python\ny = einsum(x, A, 'b l d, d n -> b l d n')\n```": ["[b, l, d]", "[d, n]", "[b, l, d, n]"],
    "Flatten (28, 28) into (784,): a pixel (1, 2) is near (2, 2).": ["[28, 28]", "[784]"],
    "x: shape (N, P, 3)\n\nnormals: shape (N, 3)\n\n`t.transform(torch.randn(N, P, 3))`": [
        "[N, P, 3]",
        "[N, 3]",
    ],
    "Return a tuple (vocab_to_int, int_to_vocab). The tuple (vocab_to_int, int_to_vocab) is kept.": [],
    "(N, C) = (16, 768), or of shape (N, C)": ["[N, C]", "[16, 768]", "[N, C]"],
    # Squares and single sizes are shapes where other shapes have their sizes.
    "the tokens (2, 24) become a tensor of shape (2, 24, 768); the weight is (768, 768), the bias (768,)": [
        "[2, 24]",
        "[2, 24, 768]",
        "[768, 768]",
        "[768]",
    ],
    "the shape is [2, 77, 512], so the causal mask is [77, 77]; gamma is just [512]. See [77].": [
        "[2, 77, 512]",
        "[77, 77]",
        "[512]",
    ],
    "| layer | weight | output |\n|---|---|---|\n| query | 768 × 768 | 2 × 24 × 768 |": [
        "[768, 768]",
        "[2, 24, 768]",
    ],
    "maps (1, 64, 56, 56) and (1, 256, 56, 56) are 56×56 grids": ["[1, 64, 56, 56]", "[1, 256, 56, 56]"],
    "phrases de taille 3 × 14, puis (3, 14, 128)": ["[3, 14]", "[3, 14, 128]"],
    "Embedding table [51865, 384] and tokens [2, 16, 384], see table [2, 16]": [
        "[51865, 384]",
        "[2, 16, 384]",
    ],
    "the ids [2, 16] become a tensor [2, 16, 1024]; token ids [101, 7592, 102, 2088]": [
        "[2, 16]",
        "[2, 16, 1024]",
    ],
    # What else numbers in brackets are stays what it is.
    "Dosovitskiy et al. [1, 12] feed [1, 197, 768] to blocks of 12 heads: [1, 12, 197, 64]": [
        "[1, 197, 768]",
        "[1, 12, 197, 64]",
    ],
    "Input [1, 3, 480, 640], so pictures of (480, 640), are sampled at steps [999, 979, …, 19]": [
        "[1, 3, 480, 640]"
    ],
    "coords: (B, T, H, W, 2), t in the range [0, T-1]": ["[B, T, H, W, 2]"],
}


@pytest.mark.parametrize("text", IN_CONTEXT)
def test_the_axes_of_other_shapes_tell_what_a_list_is(text: str) -> None:
    assert shapes(text) == IN_CONTEXT[text]


def test_a_shape_may_end_in_the_next_line() -> None:
    text = (
        "It returns a tensor of shape (batch,\nseq_len, 768), then pooled. See (the model,\nwhich is small)."
    )
    (mention,) = note_from_text(text).mentions
    assert str(mention.pattern) == "[batch, seq_len, 768]"
    assert (mention.text, mention.span.line, mention.dims) == ("(batch,", 1, ())


def test_a_comment_that_names_the_parameters_of_its_function_states_no_shape() -> None:
    head = "def __init__(self, c1, c2, n, g, e):  # ch_in, ch_out, depth, groups, width\n    pass"
    assert shapes(head, "python") == []
    assert shapes("def f(x):  # b, c, h, w\n    pass", "python") == ["[b, c, h, w]"]


COMMENTS = {
    "y = up(x)  # x(b,c,w,h) -> y(b,4c,w/2,h/2)": ["[b, c, w, h]", "[b, 4*c, w/2, h/2]"],
    "size = min(a, b)  # min(H_, W_) is enough": [],
    "def f(\n    w: torch.Tensor,  # [6, 5]\n    s: int,  # [2, 3]\n): ...": ["[6, 5]"],
    "x = self.a(x)  # B T N 2,  B T N 1": ["[B, T, N, 2]", "[B, T, N, 1]"],
    "print(m.shape)  # 2 x 1": ["[2, 1]"],
    "return a, b  # [4, 12] and [4, 51]": ["[4, 12]", "[4, 51]"],
    "a = f(x)  # (N, 4)\nb = g(a)  # (N, 4, 2)\nc = h(b)  # (N, 2, 4)\nd = k(c)  # (N, 8)\n"
    "e = m(d)  # (8732)\nf = n(e)  # (optional)\ng = o(f)  # (N, 1) -> (N)": [
        "[N, 4]",
        "[N, 4, 2]",
        "[N, 2, 4]",
        "[N, 8]",
        "[8732]",
        "[N, 1]",
        "[N]",
    ],
    "x = f(x)  # B N C\ny = g(x)  # B N C\nz = y.mean(1)  # B C": ["[B, N, C]", "[B, N, C]", "[B, C]"],
    "x = f(x)  # A B": [],
    "e = m(d)  # (8732)\ng = o(f)  # (N, 1) -> (N)": ["[N, 1]"],
}


@pytest.mark.parametrize("code", COMMENTS)
def test_a_comment_is_read_with_the_code_beside_it(code: str) -> None:
    assert shapes(code, "python") == COMMENTS[code]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("# context: [batch_size x len_q x n_heads * d_v]", "[batch_size, len_q, n_heads * d_v]"),
        (
            "# scores: [batch_size x n_heads x len_q(=len_k) x len_k(=len_q)]",
            "[batch_size, n_heads, len_q, len_k]",
        ),
        ("# states: [batch_size x 8 x 64]", "[batch_size, 8, 64]"),
    ],
)
def test_crosses_in_a_bracket_may_stand_between_products_and_remarks(text, pattern):
    (mention,) = note_from_text(f"y = f(x)  {text}\n", "python").mentions
    assert str(mention.pattern) == pattern
