"""Searches for training recipes with PyTorch on the processor, which is several times as fast there as a software Vulkan driver.

A recipe is judged by the validation split alone: this script never reads the test images. What wins is trained again by
selvedge. Run by hand (needs PyPI's torch and numpy):

    pip install torch numpy
    python tests/interop/recipes.py --epochs 6 --optimizer muon --lr 0.02 --batch-size 256

It prints one JSON object: training accuracy, validation accuracy of each image by itself, with its mirror image, and with ten views as by
`selvedge evaluate --tta`; the log loss; the time; and the options that differ from the defaults, which are those of
`selvedge train`'s recipe up to version 0.1.0.
"""
import argparse
import gzip
import json
import math
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 10
VALIDATION_OF_A_CLASS = 1200
# Rows and columns that are cut off above and to the left of an image with a border of one pixel.
SHIFTS = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
VIEWS = [(*shift, mirrored) for shift in SHIFTS for mirrored in (False, True)]


def arguments():
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--data", default="/usr/share/datasets/fashion-mnist")
    add("--seed", type=int, default=1)
    add("--split-seed", type=int, default=1)
    add("--epochs", type=float, default=15)
    add("--batch-size", type=int, default=128)
    add("--report", action="store_true", help="print the validation accuracy after each epoch")
    network = parser.add_argument_group("network")
    add = network.add_argument
    add("--net", choices=["cnn", "residual", "weft"], default="cnn")
    add("--widths", type=numbers, help="channels of each stage, before them of the stem (residual); default 32,64,128,256, of the cnn 32,68,128,256")
    add("--blocks", type=numbers, help="residual convolutions (cnn, weft) or blocks (residual; default 0,0,1) of each stage")
    add("--ceil", action="store_true", help="pooling (weft) keeps a last odd row and column; the head alone pools the last stage")
    add("--head", choices=["mean", "max", "dense"], default="mean")
    add("--dropout", type=float, default=0.1)
    add("--dirac", action="store_true", help="start the convolutions of the cnn with copies of their inputs")
    optimiser = parser.add_argument_group("optimiser")
    add = optimiser.add_argument
    add("--optimizer", choices=["adamw", "sgd", "muon"], default="adamw")
    add("--lr", type=float, default=3e-3)
    add("--weight-decay", type=float, default=0.05)
    add("--beside", type=float, default=0.15, help="AdamW's share of Muon's rate")
    add("--iterations", type=int, default=5, help="of Muon's polynomial")
    add("--bias-rate", type=float, default=1.0, help="multiplies the rate of biases and batch norms")
    add("--frozen-scale", action="store_true", help="batch norm's scale is not learned")
    add("--schedule", choices=["cosine", "linear"], default="cosine")
    add("--warm-up", type=float, default=0.25, help="share of the steps")
    add("--ema", type=float, default=0.0)
    images = parser.add_argument_group("images and labels")
    add = images.add_argument
    add("--smoothing", type=float, default=0.1)
    add("--sizes", type=numbers, default=[28], help="pixels of a side; each size has the same share of the steps")
    add("--shift", type=int, default=1)
    add("--flip", choices=["alternating", "random", "never"], default="alternating")
    add("--erase", type=float, default=0.0, help="probability of random erasing")
    add("--erase-area", type=float, default=0.2, help="the largest share of the image that is erased")
    return parser


def numbers(text):
    return [int(number) for number in text.split(",")]


def idx(path, header):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header).copy()


def load(folder, seed):
    """Training and validation images, normalised as `--pixels standard` does, and their labels."""
    images = torch.from_numpy(idx(f"{folder}/train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)).float() / 255
    labels = idx(f"{folder}/train-labels-idx1-ubyte.gz", 8).astype(np.int64)
    rng = np.random.default_rng(seed)
    held_out = [rng.permutation(np.flatnonzero(labels == label))[:VALIDATION_OF_A_CLASS] for label in range(CLASSES)]
    validation = np.sort(np.concatenate(held_out))
    train = np.setdiff1d(np.arange(len(labels)), validation)
    images = (images - images[train].mean()) / images[train].std()
    labels = torch.from_numpy(labels)
    return images[train], labels[train], images[validation], labels[validation]


def batch_norm(channels, options):
    norm = nn.BatchNorm2d(channels)
    norm.weight.requires_grad_(not options.frozen_scale)
    return norm


class Cnn(nn.Module):
    """selvedge's `cnn`; with `--widths` and `--blocks` a wider and a deeper one."""

    def __init__(self, options):
        super().__init__()
        channels = [1, *(options.widths or [32, 68, 128, 256])]
        blocks = options.blocks or [0] * len(channels[1:])
        self.convolutions, self.norms, self.extras = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for before, after, extra in zip(channels[:-1], channels[1:], blocks, strict=True):
            convolution = nn.Conv2d(before, after, 3, padding=1)
            nn.init.xavier_uniform_(convolution.weight)
            nn.init.zeros_(convolution.bias)
            if options.dirac and before > 1:
                nn.init.dirac_(convolution.weight[:before])
            self.convolutions.append(convolution)
            self.norms.append(batch_norm(after, options))
            self.extras.append(nn.Sequential(*(Extra(after, options) for _ in range(extra))))
        self.dense = Dense(channels[-1], options)

    def forward(self, x):
        for convolution, norm, extra in zip(self.convolutions, self.norms, self.extras):
            x = extra(F.max_pool2d(norm(F.relu(convolution(x))), 2))
        return self.dense(x.flatten(1))


class Dense(nn.Module):
    """Three dense layers, ReLU and dropout after the first two."""

    def __init__(self, features, options):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(features, 512), nn.Linear(512, 256)])
        self.last = nn.Linear(256, CLASSES)
        for layer in [*self.hidden, self.last]:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.dropout = options.dropout

    def forward(self, x):
        for layer in self.hidden:
            x = F.dropout(F.relu(layer(x)), self.dropout, self.training)
        return self.last(x)


def convolution(before, after):
    layer = nn.Conv2d(before, after, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer


class Block(nn.Module):
    """A basic residual block."""

    def __init__(self, channels, options):
        super().__init__()
        self.first, self.second = convolution(channels, channels), convolution(channels, channels)
        self.first_norm, self.second_norm = batch_norm(channels, options), batch_norm(channels, options)

    def forward(self, x):
        hidden = F.relu(self.first_norm(self.first(x)))
        return F.relu(x + self.second_norm(self.second(hidden)))


class Head(nn.Module):
    """The maximum or the mean over the image, dropout, and one dense layer or several."""

    def __init__(self, channels, options):
        super().__init__()
        self.last = Dense(channels, options) if options.head == "dense" else nn.Linear(channels, CLASSES)
        self.takes_maximum, self.dropout = options.head == "max", options.dropout

    def forward(self, x):
        x = x.amax((2, 3)) if self.takes_maximum else x.mean((2, 3))
        return self.last(F.dropout(x, self.dropout, self.training))


class Residual(nn.Module):
    """A stem at full size, then stages at a half, a quarter and an eighth: convolution, batch norm, ReLU, residual blocks."""

    def __init__(self, options):
        super().__init__()
        stem, *stages = options.widths or [32, 64, 128, 256]
        self.stem = nn.Sequential(convolution(1, stem), nn.MaxPool2d(2), batch_norm(stem, options), nn.ReLU())
        layers, before = [], stem
        for number, (after, blocks) in enumerate(zip(stages, options.blocks or [0, 0, 1], strict=True)):
            if number > 0:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
            layers += [convolution(before, after), batch_norm(after, options), nn.ReLU()]
            layers += [Block(after, options) for _ in range(blocks)]
            before = after
        self.stages = nn.Sequential(*layers)
        self.head = Head(before, options)

    def forward(self, x):
        return self.head(self.stages(self.stem(x)))


class Extra(nn.Module):
    """A convolution, batch norm and ReLU whose output is added to its input."""

    def __init__(self, channels, options):
        super().__init__()
        self.convolution, self.norm = convolution(channels, channels), batch_norm(channels, options)

    def forward(self, x):
        return x + F.relu(self.norm(self.convolution(x)))


class Weft(nn.Module):
    """Stages of a convolution, max pooling, batch norm and ReLU, then residual convolutions."""

    def __init__(self, options):
        super().__init__()
        layers, before = [], 1
        widths = options.widths or [32, 64, 128, 256]
        blocks = options.blocks or [0] * len(widths)
        for number, (after, extra) in enumerate(zip(widths, blocks, strict=True), 1):
            layers.append(convolution(before, after))
            if not (options.ceil and number == len(widths)):
                layers.append(nn.MaxPool2d(2, ceil_mode=options.ceil))
            layers += [batch_norm(after, options), nn.ReLU()]
            layers += [Extra(after, options) for _ in range(extra)]
            before = after
        self.stages = nn.Sequential(*layers)
        self.head = Head(before, options)

    def forward(self, x):
        return self.head(self.stages(x))


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal (Jordan et al. 2024), as src/optim/muon.rs has it."""

    def __init__(self, parameters, rate, decay, iterations, momentum=0.9):
        super().__init__(parameters, {"lr": rate})
        self.decay, self.iterations, self.momentum = decay, iterations, momentum

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                velocity = state.setdefault("velocity", torch.zeros_like(weight)).mul_(self.momentum).add_(weight.grad)
                # Numbers so small that a processor takes a hundred times as long for them.
                velocity[velocity.abs() < 1e-20] = 0
                ahead = (weight.grad + self.momentum * velocity).flatten(1)
                reach = max(1, len(ahead) / ahead.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * self.decay)
                weight.add_(self.orthogonal(ahead).view_as(weight), alpha=-group["lr"] * reach)

    def orthogonal(self, x):
        x = x / (x.norm() + 1e-7)
        is_tall = len(x) > x.shape[1]
        x = x.T if is_tall else x
        for _ in range(self.iterations):
            square = x @ x.T
            x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
        return x.T if is_tall else x


def optimisers(net, options):
    """Optimisers with their peak rates. Muon takes matrices with at least 16 rows and columns, except the last layer."""
    learned = {name: weight for name, weight in net.named_parameters() if weight.requires_grad}
    matrices = {name for name, weight in learned.items() if weight.ndim > 1}
    made, rate = [], options.lr
    rest = matrices
    if options.optimizer == "muon":
        # The last layer has as many rows as there are classes.
        large = {name for name in matrices if min(len(learned[name]), learned[name][0].numel()) >= 16}
        moved = [learned[name] for name in large]
        made.append((Muon([{"params": moved}], rate, options.weight_decay, options.iterations), rate))
        rest, rate = matrices - large, rate * options.beside
    groups = [
        {"params": [learned[name] for name in rest], "weight_decay": options.weight_decay, "share": 1.0},
        {"params": [w for name, w in learned.items() if name not in matrices], "weight_decay": 0.0, "share": options.bias_rate},
    ]
    if options.optimizer == "sgd":
        made.append((torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True), rate))
    else:
        made.append((torch.optim.AdamW(groups, lr=rate), rate))
    return made


def share_of_peak(options, progress):
    """One cycle: up along a line, down along half a cosine or a line."""
    if progress < options.warm_up:
        return 0.04 + 0.96 * progress / options.warm_up
    down = (progress - options.warm_up) / (1 - options.warm_up)
    return (1 + math.cos(math.pi * down)) / 2 if options.schedule == "cosine" else 1 - down


def resized(x, progress, sizes):
    """At the size of this part of the training, bilinear as `Tensor::resize_bilinear` does it."""
    size = sizes[int(progress * len(sizes))]
    return x if size == x.shape[-1] else F.interpolate(x, size=(size, size), mode="bilinear")


def augmented(x, flipped, options, random):
    """Shifted with the edge repeated, mirrored where `flipped`, and erased by noise."""
    count = len(x)
    if options.shift:
        bordered = F.pad(x, (options.shift,) * 4, mode="replicate")
        offsets = torch.randint(0, 2 * options.shift + 1, (count, 2), generator=random)
        rows = offsets[:, :1, None] + torch.arange(28)[None, :, None]
        columns = offsets[:, 1:, None] + torch.arange(28)[None, None, :]
        x = bordered[torch.arange(count)[:, None, None], 0, rows, columns][:, None]
    x = torch.where(flipped[:, None, None, None], x.flip(3), x)
    if options.erase:
        hit = torch.rand(count, generator=random) < options.erase
        area = 784 * (0.02 + (options.erase_area - 0.02) * torch.rand(count, generator=random))
        aspect = torch.exp((2 * torch.rand(count, generator=random) - 1) * math.log(1 / 0.3))
        sides = torch.stack([(area * aspect).sqrt(), (area / aspect).sqrt()]).round().clamp(1, 27)
        starts = (torch.rand((2, count), generator=random) * (29 - sides)).floor()
        place = torch.arange(28)
        rows, columns = ((place >= starts[..., None]) & (place < (starts + sides)[..., None]))
        inside = (rows[:, :, None] & columns[:, None, :] & hit[:, None, None])[:, None]
        # Uniform in 0 .. 1 before the normalisation, whose mean and deviation these are.
        x = torch.where(inside, (torch.rand(x.shape, generator=random) - 0.286) / 0.353, x)
    return x


@torch.no_grad()
def probabilities(net, images, views):
    """Of each view of each image: [views, images, classes]. A view is rows and columns cut off, and whether it is mirrored."""
    net.eval()
    answers = []
    for part in images.split(1000):
        bordered = F.pad(part, (1,) * 4, mode="replicate")
        seen = []
        for row, column, mirrored in views:
            view = bordered[:, :, row:row + 28, column:column + 28]
            view = view.flip(3) if mirrored else view
            seen.append(F.softmax(net(view.contiguous(memory_format=torch.channels_last)), 1))
        answers.append(torch.stack(seen))
    return torch.cat(answers, 1)


def accuracy(answers, labels):
    return round((answers.argmax(1) == labels).float().mean().item(), 4)


def main():
    parser = arguments()
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    random = torch.Generator().manual_seed(options.seed)
    images, labels, held_images, held_labels = load(options.data, options.split_seed)
    net = {"cnn": Cnn, "residual": Residual, "weft": Weft}[options.net](options).to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(options.ema), use_buffers=True
    ) if options.ema else None
    made = optimisers(net, options)
    per_epoch = len(images) // options.batch_size
    steps = round(per_epoch * options.epochs)
    mirrored_first = torch.rand(len(images), generator=random) < 0.5
    started = time.time()
    for step in range(steps):
        epoch, batch = divmod(step, per_epoch)
        if batch == 0:
            net.train()
            hits = counted = 0
            order = torch.randperm(len(images), generator=random)
        chosen = order[batch * options.batch_size:(batch + 1) * options.batch_size]
        flipped = {
            "alternating": mirrored_first[chosen] ^ (epoch % 2 == 1),
            "random": torch.rand(len(chosen), generator=random) < 0.5,
            "never": torch.zeros(len(chosen), dtype=torch.bool),
        }[options.flip]
        x = resized(augmented(images[chosen], flipped, options, random), step / steps, options.sizes)
        x = x.contiguous(memory_format=torch.channels_last)
        logits = net(x)
        loss = F.cross_entropy(logits, labels[chosen], label_smoothing=options.smoothing)
        hits, counted = hits + (logits.argmax(1) == labels[chosen]).sum().item(), counted + len(chosen)
        net.zero_grad()
        loss.backward()
        for optimiser, peak in made:
            for group in optimiser.param_groups:
                group["lr"] = peak * share_of_peak(options, step / steps) * group.get("share", 1.0)
            optimiser.step()
        if average:
            average.update_parameters(net)
        if options.report and batch == per_epoch - 1:
            reached = accuracy(probabilities(net, held_images, VIEWS[:1])[0], held_labels)
            print(f"epoch {epoch + 1}: validation accuracy {reached}, {time.time() - started:.0f} s", flush=True)
    seconds = time.time() - started
    seen = probabilities(average or net, held_images, VIEWS)
    result = {
        "training accuracy of the last epoch": round(hits / counted, 4),
        "accuracy": accuracy(seen[0], held_labels),
        "mirrored too": accuracy(seen[:2].mean(0), held_labels),
        "ten views": accuracy(seen.mean(0), held_labels),
        "log loss": round(F.nll_loss(seen[0].log(), held_labels).item(), 4),
        "images a second": round(steps * options.batch_size / seconds),
    }
    defaults = vars(parser.parse_args([]))
    print(json.dumps(result | {k: v for k, v in vars(options).items() if v != defaults[k]}), flush=True)


main()
