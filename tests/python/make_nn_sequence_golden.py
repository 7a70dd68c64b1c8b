"""Writes tests/golden/nn_sequence.gz: embeddings, recurrent layers, attention and transformers, as PyTorch computes them.

Run with a Python that has torch 2.13. The output is the same in every run.

A case holds the `layer`, its `args` and `options` (by Flambeau's names), the `text` that print() shows, the `state`
right after it was made under `SEED`, whether it is `training`, the `inputs` and `call` (keywords of the call), the
`outputs` under `SEED + 1`, and the gradients of `loss(outputs)` for each input and parameter that has one.

A module among the arguments is {"module": [layer, args, options]}. A tensor is {"tensor": [shape, dtype, values]}, packed sequences are {"packed": [padded, lengths, enforce_sorted]} as an
input and {"packed": [data, batch_sizes, sorted_indices, unsorted_indices]} as an output.
"""

import gzip
import json
import math
import pathlib
import re

import numpy
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "nn_sequence.gz"
SEED = 17
generator = torch.Generator().manual_seed(5)


class Packed:
    """Sequences to pack: a padded tensor, lengths, and whether those are sorted."""

    def __init__(self, padded, lengths, enforce_sorted):
        self.padded, self.lengths, self.enforce_sorted = padded, lengths, enforce_sorted


class Spec:
    """A module among the arguments of another."""

    def __init__(self, layer, args, options):
        self.layer, self.args, self.options = layer, args, options

    def make(self):
        return getattr(nn, self.layer)(*made(self.args), **snake(self.options))


def randn(*shape, dtype=None):
    return torch.randn(shape, generator=generator, dtype=dtype).requires_grad_()


def ints(high, *shape):
    return torch.randint(0, high, shape, generator=generator)


def causal(size):
    return torch.triu(torch.ones(size, size, dtype=torch.bool), 1)


def embeddings():
    yield "Embedding", [6, 3], {}, [ints(6, 2, 4)], {}
    yield "Embedding", [6, 3], {"paddingIdx": -2, "scaleGradByFreq": True}, [torch.tensor([[4, 1], [1, 0]])], {}
    yield "Embedding", [6, 3], {"maxNorm": 1.5, "normType": 1.0}, [ints(6, 5)], {}
    yield "Embedding", [6, 3], {"maxNorm": 1.0, "sparse": True, "dtype": "float64"}, [ints(6, 5)], {}
    yield "EmbeddingBag", [6, 3], {}, [ints(6, 2, 4)], {}
    offsets = torch.tensor([0, 2, 2])
    yield "EmbeddingBag", [6, 3], {"mode": "sum", "paddingIdx": 1}, [ints(6, 5), offsets], {}
    yield "EmbeddingBag", [6, 3], {"mode": "sum"}, [ints(6, 5), offsets, randn(5)], {}
    yield "EmbeddingBag", [6, 3], {"mode": "max", "maxNorm": 1.0, "normType": 1.0}, [ints(6, 3, 2)], {}
    ends = torch.tensor([0, 2, 5])
    yield "EmbeddingBag", [6, 3], {"includeLastOffset": True, "scaleGradByFreq": True}, [ints(6, 5), ends], {}


def states(layer, count, batch, size, extra=None):
    shape = [count, batch, size] if batch else [count, size]
    h = randn(*shape)
    if layer != "LSTM":
        return h
    return [h, randn(*shape[:-1], extra or size)]


def recurrent():
    for layer in ["RNN", "LSTM", "GRU"]:
        yield layer, [3, 4], {}, [randn(5, 2, 3)], {}
        yield layer, [3, 4], {"bias": False, "batchFirst": True}, [randn(2, 5, 3), states(layer, 1, 2, 4)], {}
        both = {"numLayers": 2, "bidirectional": True}
        yield layer, [3, 4], both, [randn(5, 2, 3), states(layer, 4, 2, 4)], {}
        yield layer, [3, 4], {"numLayers": 3, "dropout": 0.5}, [randn(4, 2, 3)], {}
        yield layer, [3, 4], {"batchFirst": True, "bidirectional": True}, [randn(5, 3), states(layer, 2, 0, 4)], {}
        yield layer, [3, 4], {"dtype": "float64"}, [randn(5, 3, dtype=torch.float64)], {}
        yield layer, [3, 4], {}, [Packed(randn(4, 3, 3), [4, 3, 1], True)], {}
        yield layer, [3, 4], both, [Packed(randn(4, 3, 3), [1, 4, 2], False), states(layer, 4, 3, 4)], {}
    yield "RNN", [3, 4], {"nonlinearity": "relu", "numLayers": 2}, [randn(5, 2, 3)], {}
    yield "RNN", [3, 4], {"nonlinearity": "relu"}, [Packed(randn(4, 2, 3), [4, 2], True)], {}
    yield "LSTM", [3, 4], {"projSize": 2}, [randn(5, 2, 3), states("LSTM", 1, 2, 2, 4)], {}
    yield "LSTM", [3, 4], {"projSize": 2, "bias": False, "bidirectional": True, "numLayers": 2}, [randn(5, 2, 3)], {}
    yield "LSTM", [3, 4], {"projSize": 3}, [Packed(randn(4, 3, 3), [2, 1, 4], False)], {}
    for cell in ["RNNCell", "LSTMCell", "GRUCell"]:
        yield cell, [3, 4], {}, [randn(2, 3)], {}
        state = [randn(2, 4), randn(2, 4)] if cell == "LSTMCell" else randn(2, 4)
        yield cell, [3, 4], {"bias": False}, [randn(2, 3), state], {}
        state = [randn(4), randn(4)] if cell == "LSTMCell" else randn(4)
        yield cell, [3, 4], {}, [randn(3), state], {}
    yield "RNNCell", [3, 4], {"nonlinearity": "relu"}, [randn(2, 3)], {}


def attention():
    def same():
        x = randn(5, 3, 8)
        return [x, x, x]

    def three(*batch, length=4, keys=5, kdim=8, vdim=8):
        return [randn(length, *batch, 8), randn(keys, *batch, kdim), randn(keys, *batch, vdim)]

    name = "MultiheadAttention"
    padding = torch.tensor([[False, False, False, False, True], [False] * 5, [False, False, True, True, True]])
    yield name, [8, 2], {}, same(), {}
    yield name, [8, 2], {}, same(), {"needWeights": False}
    yield name, [8, 4], {"bias": False}, three(3), {"averageAttnWeights": False}
    yield name, [8, 2], {"kdim": 3, "vdim": 6}, three(2, kdim=3, vdim=6), {}
    yield name, [8, 2], {"addBiasKv": True, "addZeroAttn": True}, three(2), {}
    yield name, [8, 2], {"addBiasKv": True, "addZeroAttn": True}, same(), {
        "keyPaddingMask": padding, "attnMask": causal(5), "needWeights": False}
    yield name, [8, 2], {}, same(), {"keyPaddingMask": padding}
    yield name, [8, 2], {}, same(), {"attnMask": causal(5), "isCausal": True, "needWeights": False}
    yield name, [8, 2], {}, same(), {"attnMask": causal(5), "isCausal": True}
    yield name, [8, 2], {}, three(3), {"attnMask": randn(6, 4, 5).detach()}
    yield name, [8, 2], {}, three(3), {"attnMask": randn(6, 4, 5).detach(), "needWeights": False}
    yield name, [8, 2], {"dropout": 0.5}, same(), {}
    yield name, [8, 2], {"dropout": 0.5}, same(), {"needWeights": False}
    yield name, [8, 2], {}, three(), {"averageAttnWeights": False}
    yield name, [8, 2], {"batchFirst": True}, three(), {"keyPaddingMask": padding[0]}
    x = randn(3, 5, 8)
    yield name, [8, 2], {"batchFirst": True}, [x, x, x], {"keyPaddingMask": padding}
    yield name, [8, 2], {"batchFirst": True}, [randn(2, 4, 8), randn(2, 5, 8), randn(2, 5, 8)], {"needWeights": False}


def transformers():
    small = {"dimFeedforward": 6}
    padding = torch.tensor([[False, False, True], [False, False, False]])
    masks = {"srcMask": causal(3), "srcKeyPaddingMask": padding}
    name = "TransformerEncoderLayer"
    yield name, [4, 2], small, [randn(3, 2, 4)], {}
    yield name, [4, 2], {**small, "normFirst": True, "activation": "gelu"}, [randn(3, 2, 4)], masks
    yield name, [4, 1], {**small, "batchFirst": True, "bias": False, "layerNormEps": 0.1}, [randn(2, 3, 4)], masks
    yield name, [4, 2], {**small, "dropout": 0.0}, [randn(3, 4)], {"srcMask": causal(3), "isCausal": True}
    yield name, [4, 2], {**small, "dtype": "float64"}, [randn(3, 2, 4, dtype=torch.float64)], {}

    name = "TransformerDecoderLayer"
    both = {"tgtMask": causal(2), "memoryKeyPaddingMask": padding}
    yield name, [4, 2], small, [randn(2, 2, 4), randn(3, 2, 4)], {}
    yield name, [4, 2], {**small, "normFirst": True, "activation": "gelu"}, [randn(2, 2, 4), randn(3, 2, 4)], both
    yield name, [4, 1], {**small, "batchFirst": True, "bias": False}, [randn(2, 2, 4), randn(2, 3, 4)], both
    all_masks = {"tgtMask": causal(2), "tgtIsCausal": True, "memoryMask": randn(2, 3).detach(),
                 "tgtKeyPaddingMask": torch.tensor([[False, True], [False, False]])}
    yield name, [4, 2], small, [randn(2, 2, 4), randn(3, 2, 4)], all_masks

    layer = Spec("TransformerEncoderLayer", [4, 2], small)
    name = "TransformerEncoder"
    yield name, [layer, 2], {}, [randn(3, 2, 4)], {}
    yield name, [layer, 1], {"norm": Spec("LayerNorm", [4], {})}, [randn(3, 2, 4)], {"mask": causal(3)}
    gelu = Spec("GELU", [], {})
    first = Spec("TransformerEncoderLayer", [4, 2], {**small, "batchFirst": True, "activation": gelu})
    yield name, [first, 2], {}, [randn(2, 3, 4)], {"mask": causal(3), "srcKeyPaddingMask": padding, "isCausal": True}

    # Not a module as activation: PyTorch's copies of a decoder layer fall back to relu then (see __setstate__ there).
    layer = Spec("TransformerDecoderLayer", [4, 2], {**small, "activation": "gelu"})
    name = "TransformerDecoder"
    yield name, [layer, 2], {}, [randn(2, 2, 4), randn(3, 2, 4)], {"tgtMask": nn.Transformer.generate_square_subsequent_mask(2)}
    yield name, [layer, 1], {"norm": Spec("LayerNorm", [4], {})}, [randn(2, 2, 4), randn(3, 2, 4)], both

    name = "Transformer"
    options = {"dModel": 4, "nhead": 2, "numEncoderLayers": 2, "numDecoderLayers": 1, **small}
    yield name, [], options, [randn(3, 2, 4), randn(2, 2, 4)], {}
    yield name, [], {**options, "batchFirst": True, "normFirst": True, "bias": False}, [randn(2, 3, 4), randn(2, 2, 4)], {
        **masks, **both}


def encode(value):
    if isinstance(value, Spec):
        return {"module": [value.layer, encode(value.args), encode(value.options)]}
    if isinstance(value, torch.Tensor):
        dense = value.detach().to_dense()

        def number(one):
            if not isinstance(one, float):
                return one
            # The fewest digits that give the same float32 again.
            return (float(str(numpy.float32(one))) if dense.dtype == torch.float32 else one) if math.isfinite(one) else str(one)

        values = [number(one) for one in dense.reshape(-1).tolist()]
        kind = "input" if value.requires_grad and value.is_leaf else "tensor"
        return {kind: [list(dense.shape), str(dense.dtype)[6:], values]}
    if isinstance(value, Packed):
        return {"packed": [encode(value.padded), value.lengths, value.enforce_sorted]}
    if isinstance(value, PackedSequence):
        return {"packed": [encode(part) for part in value]}
    if isinstance(value, (list, tuple)):
        return [encode(one) for one in value]
    if isinstance(value, dict):
        return {key: encode(one) for key, one in value.items()}
    return value


def leaves(value):
    """The tensors that gradients are taken for, in order and each once."""
    if isinstance(value, Packed):
        return [value.padded]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in leaves(part)]
    return [value] if isinstance(value, torch.Tensor) and value.requires_grad else []


def floats(value):
    if isinstance(value, PackedSequence):
        return [value.data]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in floats(part)]
    return [value] if isinstance(value, torch.Tensor) else []


def loss(outputs):
    return sum((out * torch.arange(out.numel(), dtype=out.dtype).cos().view_as(out)).sum() for out in floats(outputs))


def packed(value):
    if isinstance(value, Packed):
        return pack_padded_sequence(value.padded, torch.tensor(value.lengths), enforce_sorted=value.enforce_sorted)
    return tuple(packed(one) for one in value) if isinstance(value, list) else value


def made(args):
    return [one.make() if isinstance(one, Spec) else one for one in args]


def snake(options):
    def given(name, value):
        if isinstance(value, Spec):
            return value.make()
        return getattr(torch, value) if name == "dtype" else value

    return {re.sub("([A-Z])", r"_\1", name).lower(): given(name, value) for name, value in options.items()}


def case(layer, args, options, inputs, call, training):
    torch.manual_seed(SEED)
    module = Spec(layer, args, options).make().train(training)
    found = {"layer": layer, "args": encode(args), "options": encode(options), "training": training, "text": repr(module)}
    found["state"] = {name: encode(value) for name, value in module.state_dict().items()}
    for leaf in leaves(inputs):
        leaf.grad = None
    torch.manual_seed(SEED + 1)
    outputs = module(*[packed(one) for one in inputs], **snake(call))
    loss(outputs).backward()
    found.update(inputs=encode(inputs), call=encode(call), outputs=encode(outputs))
    unique = list({id(leaf): leaf for leaf in leaves(inputs)}.values())
    found["inputGradients"] = [encode(leaf.grad) for leaf in unique]
    found["gradients"] = {n: encode(p.grad) for n, p in module.named_parameters() if p.grad is not None}
    return found


def same_inputs(inputs):
    """Whether the first input stands for the others too, which JSON cannot say."""
    return len(inputs) == 3 and inputs[0] is inputs[1]


cases = []
for group in [embeddings(), recurrent(), attention(), transformers()]:
    for layer, args, options, inputs, call in group:
        modes = [True, False] if "dropout" in options or layer.startswith("Transformer") else [True]
        for training in modes:
            found = case(layer, args, options, inputs, call, training)
            if same_inputs(inputs):
                found["inputs"] = found["inputs"][:1]
            cases.append(found)
text = json.dumps({"seed": SEED, "cases": cases}, separators=(",", ":"))
OUTPUT.write_bytes(gzip.compress(text.encode(), mtime=0))
