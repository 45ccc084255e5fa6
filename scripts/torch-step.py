"""The speed of PyTorch's training step, to stand beside `selvedge profile MODEL --batch-size N` of the same sitting.

    python3 torch-step.py cnn|resnet18 BATCH STEPS eager|compile

The same networks, loss and optimiser (label smoothing, AdamW, dropout in the CNN) on random images that stay on the device, in
strict single precision (no TF32); selvedge also draws each batch from its data set, so compare with `--augment none`. Prints images
per second of the median of five groups of STEPS steps, each waited for. On the GPU if PyTorch sees one, else on the processor.
"""
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def cnn():
    channels, layers = [1, 32, 68, 128, 256], []
    for inputs, outputs in zip(channels, channels[1:]):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outputs), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(256, 512), nn.ReLU(), nn.Dropout(0.1), nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(256, 10))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


def resnet18():
    layers = [nn.Conv2d(1, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    for inputs, outputs, stride in [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]:
        layers += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


name, batch, steps, mode = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
model = {"cnn": cnn, "resnet18": resnet18}[name]().to(device, memory_format=torch.channels_last)
optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.05, fused=device == "cuda")
forward = torch.compile(model) if mode == "compile" else model
images = torch.randn(batch, 1, 28, 28, device=device).contiguous(memory_format=torch.channels_last)
labels = torch.randint(10, (batch,), device=device)


def run(count):
    for _ in range(count):
        optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(forward(images), labels, label_smoothing=0.1).backward()
        optimiser.step()
    if device == "cuda":
        torch.cuda.synchronize()


run(3)  # compiles, and chooses algorithms
times = []
for _ in range(5):
    started = time.perf_counter()
    run(steps)
    times.append((time.perf_counter() - started) / steps)
seconds = sorted(times)[2]
where = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} processor threads"
print(f"torch {torch.__version__} {mode}, {name}, batch {batch}, {where}: {batch / seconds:.1f} images/s, {1e3 * seconds:.3f} ms a step")
