"""Makes tests/golden/metrics.json: what scikit-learn and SciPy say of three classifiers of the same images.

Run by hand:  pip install scikit-learn scipy numpy  &&  python tests/interop/sklearn_metrics.py
Made with scikit-learn 1.9.1, SciPy 1.17.1.
"""
import json
import pathlib

import numpy as np
from scipy.optimize import minimize
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, precision_recall_curve, top_k_accuracy_score

rng = np.random.default_rng(1)
IMAGES, CLASSES = 120, 4
labels = rng.integers(0, CLASSES, IMAGES)


def member(strength):
    x = rng.normal(size=(IMAGES, CLASSES)) * 1.5 + strength * np.eye(CLASSES)[labels]
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    return p.astype(np.float32)


members = [member(2.0), member(1.5), member(0.5)]
# Many equal probabilities, for the thresholds of the curve; no two are equal within a row that decides.
coarse = np.round(members[0], 1).astype(np.float32)


def ece(p, bins=15):
    confidence, right = p.max(1).astype(np.float64), p.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.sum() * abs(right[inside].mean() - confidence[inside].mean())
    return total / IMAGES


def curve(p, k):
    precision, recall, thresholds = precision_recall_curve(labels == k, p[:, k])
    return [list(map(float, row)) for row in zip(thresholds[::-1], precision[:-1][::-1], recall[:-1][::-1])]


def best_weights():
    of_truth = np.stack([m[np.arange(IMAGES), labels].astype(np.float64) for m in members])
    loss = lambda w: -np.log(w @ of_truth).mean()
    found = minimize(loss, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
                     method="SLSQP", options=dict(ftol=1e-15, maxiter=1000))
    return found.x.tolist()


def stack(penalty):
    x = np.log(np.concatenate(members, 1).astype(np.float64))
    fit = LogisticRegression(C=1 / (penalty * IMAGES), tol=1e-12, max_iter=100_000).fit(x, labels)
    return fit.predict_proba(x).tolist()


hits = [m.argmax(1) == labels for m in members]
only_first, only_second = int((hits[0] & ~hits[1]).sum()), int((~hits[0] & hits[1]).sum())
target = pathlib.Path(__file__).parent.parent / "golden" / "metrics.json"
target.write_text(json.dumps(dict(
    labels=labels.tolist(),
    classes=CLASSES,
    members=[[float(p) for p in m.ravel()] for m in members],
    coarse=[float(p) for p in coarse.ravel()],
    top_2=[top_k_accuracy_score(labels, m, k=2, labels=range(CLASSES)) for m in members],
    calibration_error=[ece(m) for m in members],
    average_precision=[[average_precision_score(labels == k, m[:, k]) for k in range(CLASSES)] for m in members + [coarse]],
    coarse_curve=curve(coarse, 0),
    only=[only_first, only_second],
    p_value=binomtest(only_first, only_first + only_second).pvalue,
    mean_log_loss=log_loss(labels, np.mean(np.stack(members).astype(np.float64), 0), labels=range(CLASSES)),
    weights=best_weights(),
    stacks=[dict(penalty=p, probabilities=stack(p)) for p in (1e-3, 1e-1)],
)) + "\n")
print(target)
