"""Maximum one-to-one matching of the pixels of two boundary maps, for a series of predictions."""

import numpy as np

Edges = tuple[np.ndarray, np.ndarray]


def pixels_within(predicted: np.ndarray, label: np.ndarray, distance: float) -> Edges:
    """All pairs of a predicted and a labelled pixel that may be matched.

    Args:
        predicted: (H, W) bool.
        label: (H, W) bool.
        distance: Largest Euclidean distance of a pair, in pixels, inclusive.

    Returns:
        Two arrays (E,): ranks of the pixels among those of ``predicted`` and of ``label``, in
        raster order; sorted by the first, then by distance.
    """
    reach = int(distance)
    steps = np.arange(-reach, reach + 1)
    squares = steps[:, None] ** 2 + steps**2
    dy, dx = np.nonzero(squares <= distance**2)
    nearest = np.argsort(squares[dy, dx], kind="stable")
    width = predicted.shape[1] + 2 * reach
    ranks = np.full(predicted.shape, -1, np.int32)
    ranks[predicted] = np.arange(np.count_nonzero(predicted), dtype=np.int32)
    ranks = np.pad(ranks, reach, constant_values=-1).ravel()
    y, x = np.nonzero(label)
    offsets = (dy[nearest] - reach) * width + dx[nearest] - reach
    found = ranks[offsets[:, None] + ((y + reach) * width + x + reach)]  # (offsets, labels)
    order, right = np.nonzero(found >= 0)
    left = found[order, right]
    by_left = np.argsort(left, kind="stable")
    return left[by_left], right[by_left]


class MaximumMatching:
    """A maximum one-to-one matching that is kept while pixels come and go.

    Phases of breadth-first search from all free predicted pixels at once, each growing its own
    tree of alternating paths (disjoint, so that every tree that reaches a free label pixel can
    be augmented), until no tree reaches one; then the matching is maximum (Berge). From one
    threshold to the next most pairs stay, and so does the forest of the last, failed phase: its
    pixels cannot take part in an augmenting path until the partner of one of its labels leaves.

    Args:
        edges: Pairs that may be matched, from :func:`pixels_within`.
        num_predicted: Pixels that occur in any of the predictions.
        num_labels: Pixels of the label.
    """

    def __init__(self, edges: Edges, num_predicted: int, num_labels: int) -> None:
        left, self._neighbours = edges
        self._pointers = np.searchsorted(left, np.arange(num_predicted + 1))
        self._degrees = np.diff(self._pointers)
        self._label_of = np.full(num_predicted, -1, np.int64)
        self._predicted_of = np.full(num_labels, -1, np.int64)
        self._hopeless = np.zeros(num_predicted, bool)  # in the forest of a failed phase
        self._exhausted = np.zeros(num_labels, bool)  # likewise

    def update(self, present: np.ndarray) -> np.ndarray:
        """Match the pixels of the next prediction.

        Args:
            present: (num_predicted,) bool.

        Returns:
            (num_predicted,) bool, the pixels that are matched.
        """
        gone = np.flatnonzero(~present & (self._label_of >= 0))
        freed = self._label_of[gone]
        self._predicted_of[freed] = -1
        self._label_of[gone] = -1
        if self._exhausted[freed].any():
            self._hopeless[:] = False
            self._exhausted[:] = False
        candidates = np.flatnonzero(present & (self._degrees > 0))
        while True:
            free = candidates[(self._label_of[candidates] < 0) & ~self._hopeless[candidates]]
            if not len(free) or not self._phase(free):
                break
        return self._label_of >= 0

    def _phase(self, free: np.ndarray) -> bool:
        """Grow trees from free predicted pixels and augment along one path of each.

        Returns:
            Whether any could be augmented.
        """
        parent = np.full(len(self._predicted_of), -1, np.int64)
        seen = self._exhausted.copy()
        root = np.full(len(self._label_of), -1, np.int64)
        root[free] = free
        done = np.zeros(len(self._label_of), bool)  # roots whose tree has reached a free label
        ends: list[np.ndarray] = []
        visited, frontier = [free], free
        while len(frontier):
            left, right = self._edges_of(frontier)
            new = ~seen[right]
            left, right = left[new], right[new]
            parent[right] = left  # of several claims the last one holds
            reached = np.unique(right)
            seen[reached] = True
            mates = self._predicted_of[reached]
            end = reached[mates < 0]
            if len(end):
                _, one = np.unique(root[parent[end]], return_index=True)
                end = end[one]
                done[root[parent[end]]] = True
                ends.append(end)
            inner = reached[mates >= 0]
            frontier = mates[mates >= 0]
            root[frontier] = root[parent[inner]]
            frontier = frontier[~done[root[frontier]]]
            visited.append(frontier)
        if not ends:
            self._exhausted = seen
            self._hopeless[np.concatenate(visited)] = True
            return False
        right = np.concatenate(ends)
        while len(right):  # from the free labels back to the roots, all paths together
            left = parent[right]
            before = self._label_of[left]
            self._label_of[left] = right
            self._predicted_of[right] = left
            right = before[before >= 0]
        return True

    def _edges_of(self, frontier: np.ndarray) -> Edges:
        degrees = self._degrees[frontier]
        ends = np.cumsum(degrees)
        shift = np.repeat(self._pointers[frontier] - (ends - degrees), degrees)
        return np.repeat(frontier, degrees), self._neighbours[shift + np.arange(ends[-1])]
