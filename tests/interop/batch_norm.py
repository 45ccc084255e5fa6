"""How far PyTorch's batch norm in single precision is from double precision, forward and backward, on channels that are hard to
normalise: the bounds of tests/engine/batch_norm_accuracy.rs, which draws the same numbers, are four times what this prints.

    pip install torch numpy && python tests/interop/batch_norm.py
"""

import numpy as np
import torch

IMAGES = 16
# Pixels of an image and channels, of every size of layer with batch norm: the CNN, ResNet-18 and -20, Inception at 150 x 150.
LAYERS = [(784, 32), (196, 68), (49, 128), (9, 256), (196, 64), (49, 128), (16, 256), (4, 512), (784, 16), (196, 32), (49, 64),
          (5476, 32), (5184, 64), (1225, 80), (1089, 192), (256, 96), (49, 384), (9, 448)]
EPSILON, GAMMA, BETA = 1e-5, 1.5, 0.25


def uniform(count, seed):
    """In -1 to 1."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return ((x ^ (x >> np.uint32(16))) >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def outlier(u, at):
    x = u.copy()
    x[at] = 1e4
    return x


n_half = lambda u: np.arange(len(u)) < len(u) // 2
KINDS = {
    "plain": lambda u: u,
    "far mean": lambda u: 1e4 + 0.01 * np.sqrt(3) * u,
    "constant 1": lambda u: np.full_like(u, 1),
    "constant 12345.678": lambda u: np.full_like(u, 12345.678),
    "constant 0.001": lambda u: np.full_like(u, 1e-3),
    "outlier first": lambda u: outlier(u, 0),
    "outlier last": lambda u: outlier(u, -1),
    "two values in turn": lambda u: np.where(np.arange(len(u)) % 2 == 0, 0.1, 3.0),
    "two values, one after the other": lambda u: np.where(n_half(u), 0.1, 3.0),
}


def layer(n, channels):
    x = np.stack([list(KINDS.values())[c % len(KINDS)](uniform(n, c)) for c in range(channels)], 1).astype(np.float32)
    dy = uniform(n * channels, 99).reshape(n, channels).astype(np.float32)
    return x, dy


def batch_norm(x, dy, dtype):
    """As images [N, C, H, W]: with [N, C] PyTorch takes another way, which is up to a million times less accurate."""
    channels = x.shape[1]
    images = lambda a: torch.tensor(a.reshape(IMAGES, -1, channels).swapaxes(1, 2).copy(), dtype=dtype).unsqueeze(-1)
    rows = lambda t: t.detach().squeeze(-1).transpose(1, 2).reshape(-1, channels)
    x, dy = images(x).requires_grad_(), images(dy)
    gamma = torch.full([channels], GAMMA, dtype=dtype, requires_grad=True)
    beta = torch.full([channels], BETA, dtype=dtype, requires_grad=True)
    mean, variance = torch.zeros(channels, dtype=dtype), torch.zeros(channels, dtype=dtype)
    y = torch.nn.functional.batch_norm(x, mean, variance, gamma, beta, True, 1.0, EPSILON)
    y.backward(dy)
    found = (rows(y), mean, variance, rows(x.grad), gamma.grad, beta.grad)
    return [t.detach().double().numpy() for t in found]


def errors(got, expected, n):
    """Of each channel: of y and dx beside their largest, of the mean beside itself or the deviation, of the variance beside
    itself, of dgamma and dbeta beside the square root of their number of terms."""
    largest = lambda a: np.abs(a).max(0)
    beside = lambda a, size: a / np.where(size > 0, size, 1)
    y, mean, variance, dx, dgamma, dbeta = (np.abs(a - b) for a, b in zip(got, expected))
    return [
        beside(largest(y), largest(expected[0])),
        beside(mean, np.maximum(np.abs(expected[1]), np.sqrt(expected[2]))),
        beside(variance, expected[2]),
        beside(largest(dx), largest(expected[3])),
        dgamma / np.sqrt(n),
        dbeta / np.sqrt(n),
    ]


worst = np.zeros((len(KINDS), 6))
for pixels, channels in LAYERS:
    x, dy = layer(IMAGES * pixels, channels)
    found = errors(batch_norm(x, dy, torch.float32), batch_norm(x, dy, torch.float64), len(x))
    for c in range(channels):
        worst[c % len(KINDS)] = np.maximum(worst[c % len(KINDS)], [error[c] for error in found])
for kind, row in zip(KINDS, worst):
    print(f"{kind:34}", " ".join(f"{error:9.1e}" for error in row))
