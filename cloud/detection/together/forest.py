"""An isolation forest as plain numbers: grown by scikit-learn, kept as lists, asked with numpy alone.

A pickle would tie a kept model to one version of the library, and run what it holds when it is read.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from cloud.detection.columns import Floats

_TREES, _SAMPLES, _SEED = 50, 128, 7
_EULER = 0.5772156649


class Tree(msgspec.Struct, frozen=True):
    """Nodes by number; a leaf has `left` -1."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    size: list[int]


class Forest(msgspec.Struct, frozen=True):
    trees: list[Tree]
    samples: int
    """As many rows a tree has seen."""

    def anomaly(self, rows: Floats) -> Floats:
        """0 to 1 for each row; 0.5 is nothing unusual."""
        depth = np.mean([_depth(tree, rows) for tree in self.trees], axis=0)
        scores: Floats = 2.0 ** (-depth / max(_usual_depth(np.array([self.samples]))[0], 1.0))
        return scores


def grown(rows: Floats) -> Forest:
    """The same rows give the same forest."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - a second of loading, for training alone

    samples = min(_SAMPLES, len(rows))
    trees = IsolationForest(n_estimators=_TREES, max_samples=samples, random_state=_SEED).fit(rows)
    return Forest([_tree(one.tree_) for one in trees.estimators_], samples)


def _tree(grown_tree: "object") -> Tree:
    def of(name: str) -> Sequence[float]:
        values: Sequence[float] = getattr(grown_tree, name).tolist()
        return values

    return Tree(
        [int(one) for one in of("feature")],
        [round(one, 9) for one in of("threshold")],
        [int(one) for one in of("children_left")],
        [int(one) for one in of("children_right")],
        [int(one) for one in of("n_node_samples")],
    )


def _depth(tree: Tree, rows: Floats) -> Floats:
    feature, threshold = np.array(tree.feature), np.array(tree.threshold)
    left, right, size = np.array(tree.left), np.array(tree.right), np.array(tree.size)
    node, depth = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows))
    inside = left[node] >= 0
    while inside.any():
        at = node[inside]
        # the trees compare as their grower does, in single precision
        goes_left = rows[inside, feature[at]].astype(np.float32) <= threshold[at]
        node[inside] = np.where(goes_left, left[at], right[at])
        depth[inside] += 1
        inside = left[node] >= 0
    return depth + _usual_depth(size[node])


def _usual_depth(size: np.ndarray) -> Floats:
    """Of a search that fails among so many."""
    many = np.maximum(size, 3).astype(np.float64)
    usual = 2.0 * (np.log(many - 1.0) + _EULER) - 2.0 * (many - 1.0) / many
    return np.where(size <= 1, 0.0, np.where(size == 2, 1.0, usual))
