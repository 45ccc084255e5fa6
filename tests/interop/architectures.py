"""Compares every architecture with PyTorch in double precision: logits in inference and training mode, and the gradient of
every parameter, on the same weights and the same 8 images, which both sides draw from a hash of names.

Run by hand (needs PyPI's torch, torchvision, timm, safetensors and numpy):

    cargo run --release --example gradients -- FOLDER
    python tests/interop/architectures.py FOLDER

Without FOLDER it writes tests/golden/architectures.json, a reduced form for `cargo test`: per gradient its norm and its
projections on two random signs. Made with torch 2.15, torchvision 0.29 and timm 1.0.31.
"""
import json
import pathlib
import sys

import numpy as np
import timm
import torch
import torch.nn.functional as F
import torchvision
from safetensors.numpy import load_file
from torch import nn
from torchvision.models.resnet import BasicBlock

IMAGES = 8
# One activation in a million or so falls so close to zero that single precision takes the other side of the ReLU, which moves
# gradients before it by up to 1%; where, depends on the device. So there are several sets of images, and each gradient must
# agree on one of them.
SETS = ["9", "2", "6"]
torch.set_default_dtype(torch.float64)


def hashed(name, count):
    """Numbers in -1 .. 1 that 32-bit floats hold exactly; tests/common/hashed.rs draws the same."""
    state = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for byte in name.encode():
            state = np.uint32(state ^ np.uint32(byte)) * np.uint32(16777619)
        x = state + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        x = x ^ (x >> np.uint32(16))
    return (x >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def weight(name, shape):
    u = hashed(name, int(np.prod(shape)))
    if name.endswith(".running_var"):
        values = 1 + 0.5 * u
    elif name.endswith((".bn.bias", "bn1.bias", "bn2.bias")):
        # Most activations are well above zero: fewer fall close to it.
        values = 2 + 0.1 * u
    elif name.endswith((".running_mean", ".bias")):
        values = 0.1 * u
    elif len(shape) == 1:
        values = 1 + 0.5 * u
    else:
        values = np.sqrt((3.0 if len(shape) == 2 else 6.0) / np.prod(shape[1:])) * u
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(shape))


def fill(model):
    state = model.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(weight(name, tuple(tensor.shape)))
    return model


def images(name, side, channels):
    """Patches with noise. Images of noise alone are all alike to a deep network: batch norm then divides by almost
    nothing, and PyTorch in single precision is itself off by 5%."""
    tiles = 4 if side == 28 else 5
    patches = hashed(f"{name} patches", IMAGES * channels * tiles**2).reshape(IMAGES, channels, tiles, tiles)
    noise = hashed(f"{name} noise", IMAGES * channels * side**2).reshape(IMAGES, channels, side, side)
    mixed = 0.5 * patches.repeat(side // tiles, axis=2).repeat(side // tiles, axis=3) + 0.5 * noise
    return torch.tensor(mixed.astype(np.float32).astype(np.float64))


class Zeros(nn.Module):
    """Option A of He et al. 2015: every second pixel, zeros on both sides of the channels."""

    def __init__(self, stride, missing):
        super().__init__()
        self.stride, self.missing = stride, missing

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, self.missing // 2, self.missing - self.missing // 2))


class Cifar(nn.Module):
    """The CIFAR networks of He et al. 2015, section 4.2, of torchvision's blocks."""

    def __init__(self, blocks, zeros, slope):
        super().__init__()
        activation = lambda: nn.LeakyReLU(slope) if slope else nn.ReLU()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = activation()
        before = 16
        for stage, channels in enumerate((16, 32, 64)):
            layer = []
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                shortcut = None
                if before != channels:
                    if zeros:
                        shortcut = Zeros(stride, channels - before)
                    else:
                        conv = nn.Conv2d(before, channels, 1, stride, bias=False)
                        shortcut = nn.Sequential(conv, nn.BatchNorm2d(channels))
                made = BasicBlock(before, channels, stride, shortcut)
                made.relu = activation()
                layer.append(made)
                before = channels
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def resnet18():
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    model.maxpool = nn.Identity()
    return model


class Inception(nn.Module):
    def __init__(self, make, side):
        super().__init__()
        self.base, self.side = make, side
        self.base.fc = nn.Sequential(nn.Linear(2048, 512), nn.LeakyReLU(0.3), nn.Dropout(0), nn.Linear(512, 10))

    def forward(self, x):
        if x.shape[1] == 1:
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", align_corners=False)
            x = x.expand(-1, 3, -1, -1)
        return self.base(x)


def inception(side):
    make = torchvision.models.inception_v3
    return Inception(make(weights=None, aux_logits=False, init_weights=False, dropout=0.0), side)


def inception_of_timm(side):
    return Inception(timm.create_model("inception_v3", pretrained=False, aux_logits=False), side)


CASES = {
    "resnet18": resnet18,
    "resnet20": lambda: Cifar(3, False, 0),
    "resnet32": lambda: Cifar(5, False, 0),
    "resnet44": lambda: Cifar(7, False, 0),
    "resnet56": lambda: Cifar(9, False, 0),
    "resnet20 zeros leaky": lambda: Cifar(3, True, 0.1),
    "inception": lambda: inception(150),
}


def measure(model, which):
    """Logits in both modes and all gradients on a set of images, named as in a weight file."""
    base = model.base if isinstance(model, Inception) else model
    fill(base)
    grey = images(f"grey {which}", 28, 1)
    # Resized images are so smooth that the pixels of a pooling window are nearly equal, and single precision takes others.
    large = images(f"colour {which}", 110, 3) if isinstance(model, Inception) else grey
    model.eval()
    with torch.no_grad():
        inference = model(grey)
    model.train()
    training = model(large)
    F.cross_entropy(training, torch.arange(IMAGES)).backward()
    gradients = {name: p.grad.numpy() for name, p in base.named_parameters()}
    return inference.numpy(), training.detach().numpy(), gradients


def signs(name, which, count):
    return np.where(hashed(f"{which} {name}", count) >= 0, 1.0, -1.0)


def golden():
    cases = {}
    for name, make in CASES.items():
        for which in SETS:
            inference, training, gradients = measure(make(), which)
            reduced = {
                tensor: [float(np.linalg.norm(g))] + [float(g.ravel() @ signs(tensor, i, g.size)) for i in range(2)]
                for tensor, g in gradients.items()
            }
            logits = dict(inference=inference.ravel().tolist(), training=training.ravel().tolist())
            cases.setdefault(name, {})[which] = dict(**logits, gradients=reduced)
    other, training, _ = measure(inception_of_timm(150), SETS[0])
    first = cases["inception"][SETS[0]]
    assert np.abs(other.ravel() - first["inference"]).max() < 1e-9, "timm differs from torchvision"
    assert np.abs(training.ravel() - first["training"]).max() < 1e-9, "timm differs from torchvision"
    path = pathlib.Path(__file__).parent.parent / "golden" / "architectures.json"
    short = lambda x: {k: short(v) for k, v in x.items()} if isinstance(x, dict) else [float(f"{v:.8g}") for v in x]
    path.write_text(json.dumps(short(cases)).replace("], \"", "],\n\"") + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


def compare(folder):
    for name, make in CASES.items():
        least = {}
        for which in SETS:
            ours = load_file(pathlib.Path(folder) / f"{name.replace(' ', '-')}-{which}.safetensors")
            inference, training, gradients = measure(make(), which)
            share = lambda a, b: np.linalg.norm(a.ravel() - b.ravel()) / np.linalg.norm(b)
            assert set(ours) == set(gradients) | {"inference", "training"}, "not the same tensors"
            errors = {tensor: share(ours[tensor], g) for tensor, g in gradients.items()}
            worst = max(errors, key=errors.get)
            logits = np.abs(ours["inference"] - inference).max() / np.abs(inference).max()
            print(
                f"{name}, images {which}: logits {logits:.1e} of the largest; {len(errors)} gradients, relative error "
                f"{np.median(list(errors.values())):.1e} in the middle, at most {errors[worst]:.1e} ({worst})"
            )
            assert logits < 1e-4
            least = {tensor: min(error, least.get(tensor, error)) for tensor, error in errors.items()}
        assert max(least.values()) < 1e-3


if len(sys.argv) > 1:
    compare(sys.argv[1])
else:
    golden()
