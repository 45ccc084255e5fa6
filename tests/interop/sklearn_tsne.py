"""Makes tests/golden/tsne.json: what scikit-learn says of a map: its divergence, the gradient, how good it is.

Run by hand:  pip install scikit-learn numpy  &&  python tests/interop/sklearn_tsne.py
Made with scikit-learn 1.9.1.
"""
import json
import pathlib

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities, _kl_divergence
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(7)
POINTS, DIMS, CLASSES, PERPLEXITY = 151, 6, 4, 12.0
# Classes of different sizes, in no order, which overlap.
labels = rng.choice(CLASSES, POINTS, p=[0.4, 0.3, 0.2, 0.1])
middles = rng.normal(size=(CLASSES, DIMS)) * 2
points = (middles[labels] + rng.normal(size=(POINTS, DIMS))).round(3).astype(np.float32)
# A map that is neither good nor bad: two of the dimensions, and noise.
plane = (points[:, :2] * 1.5 + rng.normal(size=(POINTS, 2))).round(3).astype(np.float32)
# Around the origin, where every step of a fit puts its map.
plane = (plane - plane.astype(np.float64).mean(0)).astype(np.float32)

p = _joint_probabilities(squareform(pdist(points.astype(np.float64), "sqeuclidean")), PERPLEXITY, 0)
kl, gradient = _kl_divergence(plane.ravel().astype(np.float64), p, 1.0, POINTS, 2)
voters = [3, 10]
trusted = [1, 5, 30]
golden = dict(
    dims=DIMS,
    points=points.ravel().tolist(),
    labels=labels.tolist(),
    map=plane.ravel().tolist(),
    perplexity=PERPLEXITY,
    kl=kl,
    gradient=gradient.tolist(),
    trustworthiness=[[k, trustworthiness(points, plane, n_neighbors=k)] for k in trusted],
    knn_accuracy=[[k, cross_val_score(KNeighborsClassifier(k), plane, labels, cv=5).mean()] for k in voters],
)
path = pathlib.Path(__file__).parent.parent / "golden" / "tsne.json"
short = lambda x: [short(v) for v in x] if isinstance(x, list) else float(f"{x:.9g}") if isinstance(x, float) else x
path.write_text(json.dumps({name: short(value) for name, value in golden.items()}) + "\n")
