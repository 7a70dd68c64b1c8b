"""Samples of the modules that PyTorch's database lacks, in its own form."""

from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional as F


def of(*shape, integers=None):
    """Makes a tensor: normal, or integers below a bound."""

    def make(dtype, requires_grad):
        if integers is not None:
            return torch.randint(integers, shape)
        return torch.randn(shape, dtype=dtype, requires_grad=requires_grad)

    return make


def plain(*shape):
    """Likewise, but without a gradient."""
    return lambda dtype, requires_grad: torch.randn(shape, dtype=dtype)


def pooled(rank, size):
    """What pooling by the largest value gives: values and indices."""

    def make(dtype, requires_grad):
        x = torch.randn((2, 3, *[size] * rank), dtype=dtype)
        values, indices = getattr(F, f"max_pool{rank}d")(x, 2, return_indices=True)
        return [values.requires_grad_(requires_grad), indices]

    return make


IMAGE = of(2, 4, 5, 6)
TRIPLET = [of(3, 4), of(3, 4), of(3, 4)]

SAMPLES = [
    ("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10]], {}, [of(9, 8), of(9, integers=20)]),
    ("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10]], {"head_bias": True, "div_value": 2.0}, [of(9, 8), of(9, integers=20)]),
    ("AdaptiveLogSoftmaxWithLoss", [8, 20, [4]], {}, [of(8), of(integers=20)]),
    *[(name, [], {}, [of(2, 3, 4)]) for name in ("AlphaDropout", "FeatureAlphaDropout", "Dropout", "Dropout1d", "RReLU", "Hardsigmoid")],
    *[(name, [0.3], {}, [of(2, 3, 4)]) for name in ("AlphaDropout", "FeatureAlphaDropout", "Dropout", "Dropout1d")],
    ("Dropout1d", [], {}, [of(3, 4)]),
    ("Dropout2d", [], {}, [IMAGE]),
    ("Dropout3d", [], {}, [of(2, 3, 2, 2, 2)]),
    ("Dropout3d", [], {}, [of(3, 2, 2, 2)]),
    ("RReLU", [0.25, 0.75], {}, [of(2, 3)]),
    ("ChannelShuffle", [2], {}, [IMAGE]),
    ("CosineSimilarity", [], {}, [of(3, 4), of(3, 4)]),
    ("CosineSimilarity", [], {"dim": 0, "eps": 1e-3}, [of(3, 4), of(3, 4)]),
    ("PairwiseDistance", [], {}, [of(3, 4), of(3, 4)]),
    ("PairwiseDistance", [], {"p": 1.5, "eps": 1e-3, "keepdim": True}, [of(3, 4), of(3, 4)]),
    ("CrossMapLRN2d", [3], {}, [plain(2, 6, 3, 3)]),
    ("CrossMapLRN2d", [4], {"alpha": 0.5, "beta": 0.5, "k": 2.5}, [plain(2, 9, 3, 3)]),
    ("Flatten", [], {}, [IMAGE]),
    ("Flatten", [0, 2], {}, [IMAGE]),
    ("Unflatten", [1, [2, -1]], {}, [IMAGE]),
    ("Fold", [[4, 5], 2], {}, [of(2, 12, 12)]),
    ("Fold", [[4, 5], [2, 3]], {"dilation": 1, "padding": 1, "stride": [2, 1]}, [of(2, 12, 15)]),
    ("Unfold", [2], {}, [IMAGE]),
    ("Unfold", [[2, 3]], {"dilation": [1, 2], "padding": 1, "stride": 2}, [IMAGE]),
    ("Identity", [], {}, [of(3)]),
    ("PixelShuffle", [2], {}, [IMAGE]),
    ("PixelUnshuffle", [2], {}, [of(2, 3, 4, 6)]),
    *[(f"MaxUnpool{rank}d", [2], {}, [pooled(rank, 4)]) for rank in (1, 2, 3)],
    *[(f"MaxUnpool{rank}d", [2], {}, [pooled(rank, 5), lambda *_, rank=rank: [5] * rank]) for rank in (1, 2, 3)],
    *[(f"FractionalMaxPool{rank}d", [2], {"output_ratio": 0.5}, [of(2, 3, *[6] * rank)]) for rank in (2, 3)],
    *[
        (f"ConvTranspose{rank}d", [3, 4, 3], {"stride": 2, "padding": 1, "groups": 1}, [of(2, 3, *[4] * rank), lambda *_, rank=rank: [8] * rank])
        for rank in (1, 2, 3)
    ],
    *[(f"ConvTranspose{rank}d", [4, 4, 3], {"groups": 2, "bias": False, "dilation": 2}, [of(2, 4, *[4] * rank)]) for rank in (1, 2, 3)],
    *[
        (f"Conv{rank}d", [4, 6, 3], {"groups": 2, "padding": 1, "stride": 2, "padding_mode": mode}, [of(2, 4, *[5] * rank)])
        for rank in (1, 2, 3)
        for mode in ("reflect", "replicate", "circular")
    ],
    *[
        ("Upsample", [], {"scale_factor": 2.0, "mode": mode}, [of(2, 3, *[3] * rank)])
        for mode, rank in [("nearest", 1), ("linear", 1), ("bilinear", 2), ("bicubic", 2), ("trilinear", 3), ("nearest", 3)]
    ],
    ("Upsample", [], {"size": [5, 4], "mode": "bilinear", "align_corners": True}, [IMAGE]),
    ("Upsample", [], {"scale_factor": [1.6, 2.3], "mode": "bilinear", "recompute_scale_factor": True}, [IMAGE]),
    ("UpsamplingNearest2d", [], {"size": 7}, [IMAGE]),
    ("UpsamplingBilinear2d", [], {"scale_factor": 2}, [IMAGE]),
    ("TripletMarginLoss", [], {}, TRIPLET),
    ("TripletMarginLoss", [], {"margin": 2.5, "p": 1.0, "eps": 1e-3, "swap": True, "reduction": "sum"}, TRIPLET),
    ("TripletMarginWithDistanceLoss", [], {}, TRIPLET),
    ("TripletMarginWithDistanceLoss", [], {"distance_function": F.cosine_similarity, "swap": True, "reduction": "none"}, TRIPLET),
    ("BCEWithLogitsLoss", [], {"pos_weight": of(4)}, [of(3, 4), lambda dtype, _: torch.rand(3, 4, dtype=dtype)]),
    *[(name, [], {"inplace": True}, [plain(2, 3)]) for name in ("ReLU", "ReLU6", "LeakyReLU", "RReLU", "Hardtanh", "ELU", "CELU", "SELU")],
    *[(name, [], {"inplace": True}, [plain(2, 3)]) for name in ("SiLU", "Mish", "Hardsigmoid", "Hardswish", "Dropout")],
    ("Softmax", [], {}, [of(2, 3)]),
    ("LogSoftmax", [], {}, [of(2, 3, 4)]),
]


def made(value, dtype, requires_grad):
    return value(dtype, requires_grad) if getattr(value, "__module__", None) == __name__ else value


def samples_of(cases):
    def inputs(info, device, dtype, requires_grad, training):
        for args, kwargs, call in cases:
            given = [made(one, dtype, requires_grad) for one in call]
            flat = [one for part in given for one in (part if isinstance(part, list) and isinstance(part[0], torch.Tensor) else [part])]
            named = {name: made(value, dtype, False) for name, value in kwargs.items()}
            whole = [tuple(one) if isinstance(one, list) else one for one in args]
            named = {name: tuple(one) if isinstance(one, list) else one for name, one in named.items()}
            yield SimpleNamespace(
                constructor_input=SimpleNamespace(args=whole, kwargs=named),
                forward_input=SimpleNamespace(args=flat, kwargs={}),
            )

    return inputs


def entries():
    cases = {}
    for name, args, kwargs, call in SAMPLES:
        cases.setdefault(name, []).append((args, kwargs, call))
    return [
        SimpleNamespace(name=f"nn.{name}", module_cls=getattr(nn, name), module_inputs_func=samples_of(found))
        for name, found in cases.items()
    ]
