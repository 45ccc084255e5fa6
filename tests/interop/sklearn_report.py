"""Makes tests/golden/reports.json: predictions with scikit-learn's classification report and log loss.

Run by hand:  pip install scikit-learn numpy  &&  python tests/interop/sklearn_report.py
Made with scikit-learn 1.9.1.
"""
import json
import pathlib

import numpy as np
from sklearn.metrics import classification_report, log_loss

rng = np.random.default_rng(0)
NAMES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boots"]


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return (e / e.sum(1, keepdims=True)).astype(np.float32)


def case(name, names, labels, probabilities, digits):
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float32)
    classes = range(len(names))
    text = classification_report(labels, probabilities.argmax(1), labels=classes, target_names=names,
                                 digits=digits, zero_division=0)
    return dict(name=name, names=names, labels=labels.tolist(), digits=digits, text=text,
                probabilities=[float(p) for p in probabilities.ravel()],
                log_loss=log_loss(labels, probabilities, labels=classes))


labels = rng.integers(0, 10, 60)
good = softmax(rng.normal(size=(60, 10)) + 3 * np.eye(10)[labels])
short = ["a", "b", "c"]
tie = [4, 1, 5, 0, 3, 5, 2, 4, 1, 2, 3, 1, 3, 0, 5, 1]
cases = [
    case("ten classes", NAMES, labels, good, 4),
    case("perfect and certain", short, [0, 1, 2, 1], np.eye(3)[[0, 1, 2, 1]], 2),
    # One is right: with none right, this version of scikit-learn prints the support as 1.0 rather than 1.
    case("mostly and certainly wrong", short, [0, 1, 2, 2], np.eye(3)[[1, 2, 0, 2]], 3),
    case("a class that is missing", short, [0, 0, 2, 2], softmax(rng.normal(size=(4, 3))), 2),
    case("a class that is never predicted", short, [0, 1, 2, 1], [[.6, .3, .1], [.5, .4, .1], [.2, .1, .7], [.8, .1, .1]], 4),
    case("ties go to the first", short, [0, 1, 2], [[.4, .4, .2], [.4, .4, .2], [1 / 3, 1 / 3, 1 / 3]], 4),
    case("one sample", short, [1], [[.2, .7, .1]], 2),
    # The macro recall is .875: which way it is rounded depends on the order of the sum.
    case("a mean between two decimals", list("abcdef"), tie, np.eye(6)[[4, 1, 5, 5, 3, 5, 2, 4, 4, 2, 3, 1, 3, 0, 5, 1]], 2),
    case("names that are longer in bytes than in characters", ["été", "hiver", "àèìòùáéíóú"], [0, 1, 2], np.eye(3), 2),
]
target = pathlib.Path(__file__).parent.parent / "golden" / "reports.json"
target.write_text(json.dumps(cases, indent=1) + "\n")
print(target, len(cases), "cases")
