"""onnxruntime runs an exported network and gives the same logits, one image at a time and all at once.

Run by hand (needs PyPI's onnx, onnxruntime and numpy, and a run folder of `selvedge train`):

    pip install onnx onnxruntime numpy
    selvedge export runs/cnn-1 --onnx cnn.onnx
    cargo run --release --example logits -- runs/cnn-1 100 > logits.csv
    python tests/interop/onnx_logits.py cnn.onnx logits.csv

logits.csv has the logits of the first test images, as selvedge computes them.
"""
import gzip
import sys

import numpy as np
import onnx
import onnxruntime

model_file, logits_file = sys.argv[1:3]
ours = np.loadtxt(logits_file, delimiter=",", ndmin=2)
path = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
pixels = np.frombuffer(gzip.open(path).read(), np.uint8, offset=16)[:len(ours) * 784]
images = (pixels.astype(np.float32) / 255).reshape(-1, 1, 28, 28)

onnx.checker.check_model(model_file, full_check=True)
session = onnxruntime.InferenceSession(model_file, providers=["CPUExecutionProvider"])
together = session.run(["logits"], {"images": images})[0]
alone = np.concatenate([session.run(["logits"], {"images": image[None]})[0] for image in images])
largest = np.abs(ours).max()
for name, theirs in [("all at once", together), ("one by one", alone)]:
    difference = np.abs(theirs - ours).max()
    print(f"{name}: {len(ours)} images, largest logit {largest:.3f}, largest difference {difference:.2e}")
    # Logits of 20 are rounded more coarsely than those of 1.
    assert difference < 1e-4 * max(1, largest), name
