"""Writes tests/golden/nn_layers.json: every layer of torch.nn as print() shows it, and its state under a seed.

Run with a Python that has torch 2.13. The output is the same in every run. A case is `[layer, args, options, text,
state]`; of a tensor there are the shape, the dtype and the sum of its bytes, each times its place.
"""

import json
import pathlib
import re

import numpy
import torch
from torch import nn

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "nn_layers.json"
SEED = 23

CASES = [
    ("Identity", [3], {"unused": 1}),
    ("Linear", [3, 4], {"dtype": "float64"}),
    ("Linear", [3, 4], {"bias": False}),
    ("Bilinear", [3, 2, 4], {}),
    ("Bilinear", [3, 2, 4], {"bias": False}),
    *[(f"Conv{d}d", [4, 6, 3], {}) for d in (1, 2, 3)],
    *[(f"Conv{d}d", [4, 6, 3], {"stride": 2, "padding": 1, "dilation": 2, "groups": 2, "bias": False}) for d in (1, 2, 3)],
    *[(f"Conv{d}d", [4, 6, 3], {"padding": "same", "padding_mode": "circular"}) for d in (1, 2, 3)],
    ("Conv3d", [2, 4, [1, 2, 3]], {"padding": [0, 1, 2], "padding_mode": "replicate"}),
    *[(f"ConvTranspose{d}d", [4, 6, 3], {}) for d in (1, 2, 3)],
    *[
        (f"ConvTranspose{d}d", [4, 6, 3], {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "bias": False, "dilation": 2})
        for d in (1, 2, 3)
    ],
    *[(f"MaxPool{d}d", [3], {}) for d in (1, 2, 3)],
    ("MaxPool2d", [[3, 2]], {"stride": [2, 1], "padding": 1, "dilation": 2, "return_indices": True, "ceil_mode": True}),
    *[(f"MaxUnpool{d}d", [3], {}) for d in (1, 2, 3)],
    ("MaxUnpool2d", [[3, 2]], {"stride": [2, 1], "padding": [0, 1]}),
    *[(f"AvgPool{d}d", [3], {}) for d in (1, 2, 3)],
    ("AvgPool2d", [[3, 2]], {"stride": 2, "padding": 1, "ceil_mode": True, "divisor_override": 2}),
    ("FractionalMaxPool2d", [3], {"output_size": 4}),
    ("FractionalMaxPool3d", [3], {"output_ratio": 0.5, "return_indices": True}),
    *[(f"LPPool{d}d", [2, 3], {}) for d in (1, 2, 3)],
    ("LPPool1d", [1.5, 3], {"stride": 2, "ceil_mode": True}),
    *[(f"AdaptiveAvgPool{d}d", [3], {}) for d in (1, 2, 3)],
    *[(f"AdaptiveMaxPool{d}d", [3], {}) for d in (1, 2, 3)],
    ("AdaptiveAvgPool2d", [[3, None]], {}),
    ("AdaptiveMaxPool3d", [[3, 2, None]], {"return_indices": True}),
    *[(f"{kind}Pad{d}d", [1], {}) for kind in ("Reflection", "Replication", "Zero", "Circular") for d in (1, 2, 3)],
    ("ReflectionPad2d", [[1, 2, 3, 4]], {}),
    *[(f"ConstantPad{d}d", [1, 3.5], {}) for d in (1, 2, 3)],
    *[(name, [], {}) for name in ("ReLU", "ReLU6", "LeakyReLU", "RReLU", "PReLU", "Hardtanh", "ELU", "CELU", "SELU", "GELU")],
    *[(name, [], {}) for name in ("GLU", "SiLU", "Mish", "Softplus", "Sigmoid", "LogSigmoid", "Hardsigmoid", "Hardswish")],
    *[(name, [], {}) for name in ("Tanh", "Softsign", "Tanhshrink", "Hardshrink", "Softshrink", "Softmax", "Softmin")],
    ("LogSoftmax", [], {}),
    ("Softmax2d", [], {}),
    *[(name, [], {"inplace": True}) for name in ("ReLU", "ReLU6", "LeakyReLU", "RReLU", "Hardtanh", "ELU", "CELU", "SELU")],
    *[(name, [], {"inplace": True}) for name in ("SiLU", "Mish", "Hardsigmoid", "Hardswish")],
    ("Threshold", [0.5, 20.5], {}),
    ("Threshold", [0.5, 1e-7], {"inplace": True}),
    ("PReLU", [3], {"init": 0.5}),
    ("LeakyReLU", [0.2], {}),
    ("Hardtanh", [-2.5, 2.5], {}),
    ("GELU", ["tanh"], {}),
    ("Softmax", [1], {}),
    ("Softmin", [], {"dim": -1}),
    *[(f"BatchNorm{d}d", [3], {}) for d in (1, 2, 3)],
    ("BatchNorm3d", [3], {"eps": 1e-3, "momentum": None, "affine": False, "track_running_stats": False}),
    *[(f"InstanceNorm{d}d", [3], {}) for d in (1, 2, 3)],
    ("InstanceNorm2d", [3], {"affine": True, "track_running_stats": True, "bias": False}),
    ("LayerNorm", [5], {}),
    ("LayerNorm", [[3, 5]], {"eps": 1e-3, "bias": False}),
    ("LayerNorm", [[3, 5]], {"elementwise_affine": False}),
    ("GroupNorm", [2, 4], {}),
    ("GroupNorm", [2, 4], {"bias": False}),
    ("GroupNorm", [2, 4], {"affine": False}),
    ("RMSNorm", [5], {}),
    ("RMSNorm", [[3, 5]], {"eps": 1e-6, "elementwise_affine": False}),
    ("LocalResponseNorm", [2], {}),
    ("LocalResponseNorm", [2], {"alpha": 1e-5, "beta": 0.5, "k": 2.0}),
    *[(name, [], {}) for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")],
    ("Dropout2d", [0.25], {"inplace": True}),
    ("Flatten", [], {}),
    ("Unflatten", [1, [2, 3]], {}),
    ("Fold", [[4, 5], 2], {"stride": [2, 1]}),
    ("Unfold", [2], {"dilation": [1, 2]}),
    ("PixelShuffle", [2], {}),
    ("PixelUnshuffle", [2], {}),
    ("ChannelShuffle", [2], {}),
    ("Upsample", [], {"scale_factor": 2.0}),
    ("Upsample", [], {"size": [3, 4], "mode": "bicubic"}),
    ("Upsample", [], {"scale_factor": [2.0, 1.5], "mode": "bilinear", "align_corners": True}),
    ("UpsamplingNearest2d", [], {"size": 3}),
    ("UpsamplingBilinear2d", [], {"scale_factor": 2.0}),
    ("PairwiseDistance", [], {}),
    ("CosineSimilarity", [], {"dim": 2}),
    *[
        (f"{name}Loss", [], {})
        for name in (
            "L1 MSE SmoothL1 Huber PoissonNLL GaussianNLL KLDiv CTC NLL CrossEntropy BCE BCEWithLogits SoftMargin "
            "MultiLabelSoftMargin MarginRanking CosineEmbedding HingeEmbedding MultiMargin MultiLabelMargin "
            "TripletMargin TripletMarginWithDistance"
        ).split()
    ],
    ("LinearCrossEntropyLoss", [3, 4], {}),
    ("LinearCrossEntropyLoss", [3, 4], {"out_features": [2], "bias": True, "reduction": "sum", "ignore_index": 1}),
    ("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10]], {}),
    ("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10]], {"div_value": 2.0, "head_bias": True}),
    ("CrossMapLRN2d", [3], {}),
]


def camel(name):
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def tupled(value):
    return tuple(value) if isinstance(value, list) else value


def bits(tensor):
    values = numpy.frombuffer(tensor.detach().numpy().tobytes(), numpy.uint8).astype(numpy.uint64)
    places = numpy.arange(1, values.size + 1, dtype=numpy.uint64)
    return str((values * places).sum())


def case(layer, args, options):
    torch.manual_seed(SEED)
    given = {name: getattr(torch, value) if name == "dtype" else tupled(value) for name, value in options.items()}
    module = getattr(nn, layer)(*map(tupled, args), **given)
    state = {
        name: [list(tensor.shape), str(tensor.dtype)[6:], bits(tensor)] for name, tensor in module.state_dict().items()
    }
    return [layer, args, {camel(name): value for name, value in options.items()}, repr(module), state]


def main():
    lines = [json.dumps(case(*one)) for one in CASES]
    OUTPUT.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


main()
