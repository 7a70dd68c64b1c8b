"""Writes tests/golden/training.json: the first 200 losses of four models under three optimizers.

Run with a Python that has torch 2.13, in the repository: it reads examples/data. The models are those of
tests/support/training_models.ts and examples/gpt_model.ts, line by line; weights and dropout come from the seed.
"""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).parents[2]
OUTPUT = ROOT / "tests" / "golden" / "training.json"
STEPS = 200
SEED = 42


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.drop(F.relu(self.hidden(x))))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        y = F.max_pool2d(F.relu(self.conv1(x.view(-1, 1, 8, 8))), 2)
        y = F.max_pool2d(F.relu(self.norm(self.conv2(y))), 2)
        return self.out(y.flatten(1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 32, batch_first=True)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        y, _ = self.lstm(x.view(-1, 8, 8))
        return self.out(y[:, -1])


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        split = [t.view(batch, length, self.heads, -1).transpose(1, 2) for t in self.c_attn(x).split(width, dim=2)]
        y = F.scaled_dot_product_attention(*split, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(batch, length, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary, length, width, heads, layers):
        super().__init__()
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(length, width)
        self.h = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        self.apply(self.init_weights)
        for name, parameter in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(parameter, mean=0.0, std=0.02 / math.sqrt(2 * layers))

    def init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def digit_batches():
    rows = torch.frombuffer(bytearray((ROOT / "examples/data/digits.bin").read_bytes()), dtype=torch.uint8).view(-1, 65)
    pixels, labels = rows[:, :64].float() / 16, rows[:, 64].long()
    while True:
        order = torch.randperm(1500)
        for start in range(0, 1472, 64):
            picked = order[start:start + 64]
            yield pixels[picked], labels[picked]


def text_batches(length=32, size=8):
    text = (ROOT / "examples/data/sonnets.txt").read_text()
    letters = sorted(set(text))
    tokens = torch.tensor([letters.index(letter) for letter in text])
    while True:
        starts = torch.randint(len(tokens) - length, [size]).tolist()
        x = torch.stack([tokens[i:i + length] for i in starts])
        y = torch.stack([tokens[i + 1:i + length + 1] for i in starts])
        yield x, y


def vocabulary():
    return len(set((ROOT / "examples/data/sonnets.txt").read_text()))


MODELS = {
    "MLP": (MLP, digit_batches),
    "ConvNet": (ConvNet, digit_batches),
    "LSTM": (Recurrent, digit_batches),
    "GPT": (lambda: GPT(vocabulary(), 32, 32, 4, 2), text_batches),
}
OPTIMIZERS = {
    "SGD": lambda params: torch.optim.SGD(params, lr=0.02, momentum=0.9),
    "Adam": lambda params: torch.optim.Adam(params, lr=2e-3),
    "AdamW": lambda params: torch.optim.AdamW(params, lr=2e-3, weight_decay=0.1),
}


def losses(model_name, optimizer_name):
    torch.manual_seed(SEED)
    make, batches = MODELS[model_name]
    model = make()
    optimizer = OPTIMIZERS[optimizer_name](model.parameters())
    result = []
    for _, (x, y) in zip(range(STEPS), batches()):
        optimizer.zero_grad()
        output = model(x)
        loss = F.cross_entropy(output.view(-1, output.shape[-1]), y.view(-1))
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


def main():
    torch.set_num_threads(1)
    golden = {name: {kind: losses(name, kind) for kind in OPTIMIZERS} for name in MODELS}
    OUTPUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
