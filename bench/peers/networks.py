"""Writes the networks of the TorchScript suite as TorchScript and as ONNX: networks.py FOLDER [PACKAGES]."""

import os
import sys
import warnings

warnings.simplefilter("ignore")
if len(sys.argv) > 2:
    sys.path.append(sys.argv[2])

import torch
from torch import nn


class Residual(nn.Module):
    """A basic block of ResNet (He and others, 2015)."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.down = nn.Identity()
        if stride != 1 or before != after:
            self.down = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.down(x))


def resnet18():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for after, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Residual(before, after, stride), Residual(after, after, 1)]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


class Inverted(nn.Module):
    """An inverted residual of MobileNetV2 (Sandler and others, 2018)."""

    def __init__(self, before, after, stride, factor):
        super().__init__()
        wide = before * factor
        layers = []
        if factor != 1:
            layers += [nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
        layers += [nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
        layers += [nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after)]
        self.body = nn.Sequential(*layers)
        self.same = stride == 1 and before == after

    def forward(self, x):
        y = self.body(x)
        if self.same:
            y = x + y
        return y


def mobilenet():
    layers = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
    before = 32
    for factor, after, count, stride in [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]:
        for i in range(count):
            layers.append(Inverted(before, after, stride if i == 0 else 1, factor))
            before = after
    layers += [nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000))


def transformer():
    layer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
    # Its layers are copies of one: exported as they are, ONNX would hold the weights of one only.
    for parameter in encoder.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    return encoder


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(128, 256, 2, batch_first=True)
        self.head = nn.Linear(256, 10)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.head(y[:, -1])


def mlp():
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


NETWORKS = {
    "mlp": (mlp, [64]),
    "resnet18": (resnet18, [3, 224, 224]),
    "mobilenet": (mobilenet, [3, 224, 224]),
    "transformer": (transformer, [64, 256]),
    "lstm": (Lstm, [32, 128]),
}


class Bfloat16(nn.Module):
    """A network in bfloat16 between a float32 input and a float32 output."""

    def __init__(self, module):
        super().__init__()
        self.module = module.bfloat16()

    def forward(self, x):
        return self.module(x.bfloat16()).float()


def make(name):
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    return build().eval(), shape


if __name__ == "__main__":
    for name in NETWORKS:
        module, shape = make(name)
        x = torch.randn(2, *shape)
        with torch.no_grad():
            torch.jit.trace(module, (x,)).save(os.path.join(sys.argv[1], name + ".pt"))
            # ONNX, and oneDNN's graph compiler, have no op for PyTorch's fused encoder layer: they get the ops that it stands
            # for.
            torch.backends.mha.set_fastpath_enabled(False)
            torch.jit.trace(module, (x,)).save(os.path.join(sys.argv[1], name + ".plain.pt"))
            try:
                torch.onnx.export(
                    module,
                    (x,),
                    os.path.join(sys.argv[1], name + ".onnx"),
                    dynamo=False,
                    input_names=["x"],
                    output_names=["y"],
                    dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
                )
            except Exception as error:
                print(f"{name} was not exported: {str(error).splitlines()[0]}", file=sys.stderr)
            # Last, since it changes the module.
            torch.jit.trace(Bfloat16(module), (x,)).save(os.path.join(sys.argv[1], name + ".bf16.pt"))
            torch.backends.mha.set_fastpath_enabled(True)
