"""An equivalent PyTorch module loads best.safetensors with strict=True and gives the same logits.

Run by hand (needs PyPI's torch, safetensors and numpy, and a run folder of `selvedge train`):

    pip install torch safetensors numpy
    cargo run --release --example logits -- runs/cnn-1 100 > logits.csv
    python tests/interop/torch_cnn4.py runs/cnn-1 logits.csv

logits.csv has the logits of the first test images, as selvedge computes them.
"""
import gzip
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


class Cnn4(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [1, 32, 68, 128, 256]
        for i in range(4):
            setattr(self, f"conv{i + 1}", nn.Conv2d(channels[i], channels[i + 1], 3, padding=1))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(channels[i + 1]))
        self.fc1, self.fc2, self.fc3 = nn.Linear(256, 512), nn.Linear(512, 256), nn.Linear(256, 10)

    def forward(self, x):
        for i in range(1, 5):
            x = F.max_pool2d(getattr(self, f"bn{i}")(F.relu(getattr(self, f"conv{i}")(x))), 2)
        x = x.flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


run, logits_file = sys.argv[1:3]
ours = np.loadtxt(logits_file, delimiter=",", ndmin=2)
path = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
images = np.frombuffer(gzip.open(path).read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[: len(ours)]
normalisation = json.load(open(f"{run}/config.json"))["normalisation"]
x = (torch.tensor(images.astype(np.float32)) / 255 - normalisation["mean"]) / normalisation["deviation"]

model = Cnn4()
print(model.load_state_dict(load_file(f"{run}/best.safetensors"), strict=True))
model.eval()
with torch.no_grad():
    theirs = model(x).numpy()
difference = np.abs(theirs - ours).max()
print(f"torch {torch.__version__}: {len(ours)} images, largest difference of a logit {difference:.2e}, "
      f"largest logit {np.abs(theirs).max():.2f}, same class {np.mean(theirs.argmax(1) == ours.argmax(1)):.0%}")
sys.exit(difference > 1e-4)
