"""Our rewrite of Swin-T, kept in step with torchvision's. Only docstrings here matter for review.

Reviewed: 2026-02-11. Compare (a) outputs to 1e-5, (b) shapes as documented below.
"""


def patchify(images):
    """features.0

    Args:
        images: float tensor of shape [1, 3, 224, 224].

    Returns:
        tensor of shape [1, 56, 56, 96], normalised.
    """
    return embed_norm(permute(conv(images, kernel=(4, 4), stride=(4, 4)), (0, 2, 3, 1)))


def window_partition(x, window=(7, 7)):
    """Cut a map into windows, as features.1.0.attn does.

    :param x: [1, 56, 56, 96]
    :returns: [64, 49, 96]; in features.3 it is [16, 49, 192], in features.5 [4, 49, 192].
    """
    b, h, w, c = x.shape
    x = x.view(b, h // 7, 7, w // 7, 7, c)     # 1 8 7 8 7 96
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, 49, c)


def merge(x):
    """PatchMerging: [1, 56, 56, 96] -> [1, 28, 28, 192]

    The four corners are concatenated to [1, 28, 28, 384] first.
    The last merge (features.6) gives [1, 768, 7, 7].
    """
    return reduction(norm(cat(corners(x), -1)))


def attention(q, k, v, bias):
    """q, k, v: [64, 3, 49, 32]; bias: [1, 3, 49, 49] or, with a shift, a mask of [64, 49, 49] too."""
    scores = q @ k.mT               # [64, 49, 49, 3]
    return softmax(scores + bias) @ v


def classify(x):
    x = norm(x)                     # [1, 7, 7, 768]
    x = x.mean(dim=(1, 2))          # [1, 768]
    return head(x)                  # [1, 100]
