"""Writes tests/golden/nested_encoder.json: what TransformerEncoder gives for padded sequences in evaluation mode.

Run with a Python that has torch 2.13. PyTorch computes with nested tensors then, which leaves zeros at padded places.
"""

import json
import pathlib
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "nested_encoder.json"
PADDING = {
    "end": [[0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 1, 1, 1, 1]],
    "shorter": [[0, 0, 0, 0, 1], [0, 0, 0, 1, 1], [0, 1, 1, 1, 1]],
    "start": [[1, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 1, 1, 1, 1]],
}

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
stack = nn.TransformerEncoder(layer, 2).eval()
plain = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
normed = nn.TransformerEncoder(layer, 1, norm=nn.LayerNorm(8)).eval()
odd = nn.TransformerEncoder(nn.TransformerEncoderLayer(9, 3, 16, batch_first=True), 1).eval()
late = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 1).eval()
x = torch.randn(3, 5, 8)
wide = torch.randn(3, 5, 9)
nn.init.constant_(normed.norm.bias, 0.5)


def run(model, x, padding, **options):
    mask = torch.tensor(PADDING[padding]).bool()
    if options.pop("float", False):
        mask = torch.zeros(3, 5).masked_fill(mask, float("-inf"))
    return model(x, src_key_padding_mask=mask, **options).tolist()


cases = {"recording": run(stack, x, "end")}
with torch.no_grad():
    for name in PADDING:
        cases[name] = run(stack, x, name)
    cases["float"] = run(stack, x, "end", float=True)
    cases["causal"] = run(stack, x, "end", mask=nn.Transformer.generate_square_subsequent_mask(5))
    cases["plain"] = run(plain, x, "end")
    cases["normed"] = run(normed, x, "end")
    cases["odd"] = run(odd, wide, "end")
    cases["late"] = run(late, x.transpose(0, 1), "end")
    stack.double()
    cases["double"] = run(stack, x.double(), "end")

golden = {"x": x.tolist(), "wide": wide.tolist(), "padding": PADDING, "cases": cases}
text = json.dumps(golden)
OUTPUT.write_text(json.dumps(json.loads(text, parse_float=lambda one: round(float(one), 8))) + "\n")
