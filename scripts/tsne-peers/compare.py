"""Runs t-SNE programs one after the other and judges their maps by one measure; see ../tsne-peers.sh.

    compare.py FOLDER COUNT                  runs all, prints a table
    compare.py FOLDER COUNT PROGRAM MAP      runs one of the Python programs, writes its map

Every program gets the first COUNT training images as pixels / 255, perplexity 30, two threads, and its own defaults otherwise
(bhtsne: 1,000 iterations, theta .5). Seconds are those of the fit alone. The judge computes for each map: the divergence from the exact 90 neighbours' probabilities
(perplexity 30) with the exact normalisation, in double precision; trustworthiness with k = 5 (of 5,000 points, and of
these among all); accuracy of 10 nearest neighbours in five-fold cross-validation.
"""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")


def load(count):
    images = np.frombuffer(gzip.open(DATA / "train-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
    labels = np.frombuffer(gzip.open(DATA / "train-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)
    return images.reshape(-1, 784)[:count].astype(np.float32) / 255, labels[:count]


def run_python(program, count, out):
    x, _ = load(count)
    if program == "sklearn":
        from sklearn.manifold import TSNE

        start = time.time()
        y = TSNE(random_state=123, init="pca", n_jobs=2).fit_transform(x)
    else:
        from openTSNE import TSNE

        start = time.time()
        y = TSNE(random_state=123, n_jobs=2).fit(x)
    print(time.time() - start)
    np.asarray(y, np.float32).tofile(out)


def measured(command):
    """The command's last line, and its peak memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command} failed")
    return output.strip().splitlines()[-1], usage.ru_maxrss / 1024


class Judge:
    def __init__(self, count):
        import scipy.sparse

        self.x, self.labels = load(count)
        exact = self.x.astype(np.float64)
        squares = (exact**2).sum(1)
        near = np.empty((count, 90), np.int64)
        squared = np.empty((count, 90))
        for first in range(0, count, 500):
            rows = np.arange(first, min(first + 500, count))
            d = squares[rows, None] + squares - 2.0 * (exact[rows] @ exact.T)
            d[np.arange(len(rows)), rows] = np.inf
            near[rows] = np.argpartition(d, 90, 1)[:, :90]
            for row in rows:
                squared[row] = ((exact[row] - exact[near[row]]) ** 2).sum(1)
        squared -= squared.min(1, keepdims=True)
        low, high = np.full((count, 1), 1e-6), np.full((count, 1), 1e6)
        for _ in range(100):
            beta = np.sqrt(low * high)
            p = np.exp(-beta * squared)
            p /= p.sum(1, keepdims=True)
            wide = -(p * np.log(np.maximum(p, 1e-300))).sum(1, keepdims=True) > np.log(30)
            low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        p = scipy.sparse.csr_matrix((p.ravel(), near.ravel(), np.arange(0, near.size + 1, 90)), shape=(count, count))
        self.p = ((p + p.T) / (2 * count)).tocoo()

    def divergence(self, y):
        y = y.astype(np.float64)
        squares, z = (y * y).sum(1), -float(len(y))
        for first in range(0, len(y), 1000):
            rows = slice(first, first + 1000)
            z += (1 / (1 + squares[rows, None] + squares - 2 * y[rows] @ y.T)).sum()
        p, apart = self.p.data, ((y[self.p.row] - y[self.p.col]) ** 2).sum(1)
        return (p * (np.log(p) + np.log1p(apart))).sum() + np.log(z)

    def trusted_among_all(self, y, chosen):
        """Trustworthiness of some points' neighbours, which may be any of the points."""
        from sklearn.neighbors import NearestNeighbors

        near = NearestNeighbors(n_neighbors=6).fit(y).kneighbors(y[chosen], return_distance=False)
        squares, excess, count = (self.x**2).sum(1), 0, len(y)
        for first in range(0, len(chosen), 250):
            rows = chosen[first : first + 250]
            d = squares - 2 * self.x[rows] @ self.x.T
            d[np.arange(len(rows)), rows] = -np.inf
            for own, row, neighbours in zip(rows, d, near[first:]):
                neighbours = [j for j in neighbours if j != own][:5]
                excess += sum(max(0, (row < row[j]).sum() - 5) for j in neighbours)
        return 1 - 2 * excess / (len(chosen) * 5 * (2 * count - 16))

    def judge(self, y):
        from sklearn.manifold import trustworthiness
        from sklearn.model_selection import cross_val_score
        from sklearn.neighbors import KNeighborsClassifier

        chosen = np.random.RandomState(0).permutation(len(y))[:5000]
        accuracy = cross_val_score(KNeighborsClassifier(10), y, self.labels, cv=5).mean()
        trusted = trustworthiness(self.x[chosen], y[chosen], n_neighbors=5)
        return self.divergence(y), trusted, self.trusted_among_all(y, chosen), accuracy


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    if len(sys.argv) > 3:
        return run_python(sys.argv[3], count, sys.argv[4])
    programs, rounds = ["selvedge", "sklearn", "openTSNE", "bhtsne bh", "bhtsne fft"], 2
    if count > 20_000:
        programs, rounds = ["selvedge", "openTSNE"], 1
    results = {}
    for turn in range(rounds):
        for program in programs:
            out = folder / f"{program}-{count}.f32".replace(" ", "-")
            if program == "selvedge":
                target = folder / f"selvedge-{count}-{turn}-{os.getpid()}"
                last, memory = measured(["target/release/selvedge", "tsne", "--limit", str(count), "--threads", "2",
                                         "--json", "--out", str(target)])
                seconds = json.loads(last)["seconds"]
                np.loadtxt(target / "embedding.csv", delimiter=",", skiprows=1, usecols=(3, 4), dtype=np.float32).tofile(out)
            elif program.startswith("bhtsne"):
                binary = folder / "bhtsne/target/release/bhtsne-peer"
                seconds, memory = measured([binary, str(count), program.split()[1], out])
            else:
                seconds, memory = measured([sys.executable, __file__, folder, str(count), program, out])
            results.setdefault(program, []).append((float(seconds), memory))
            print(f"{program}: {float(seconds):.2f} s, {memory:.0f} MB", flush=True)
    judge = Judge(count)
    print("| | seconds | peak MB | KL | trustworthiness | ... among all | 10-NN accuracy |\n|---|---|---|---|---|---|---|")
    for program, runs in results.items():
        y = np.fromfile(folder / f"{program}-{count}.f32".replace(" ", "-"), np.float32).reshape(count, 2)
        kl, trusted, among_all, accuracy = judge.judge(y)
        seconds = ", ".join(f"{seconds:.2f}" for seconds, _ in runs)
        memory = max(memory for _, memory in runs)
        print(f"| {program} | {seconds} | {memory:.0f} | {kl:.4f} | {trusted:.4f} | {among_all:.4f} | {accuracy:.4f} |", flush=True)


main()
