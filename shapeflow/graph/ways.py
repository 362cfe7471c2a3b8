"""Whether data really goes from one tensor to another, where a drawing leaves out what lies between."""

from __future__ import annotations

from shapeflow.model.call_tree import CallTree


class Ways:
    """Answers for one run.

    Args:
        tree: its call tree.
    """

    def __init__(self, tree: CallTree) -> None:
        self.tree = tree
        self.known: dict[tuple[int, int], bool] = {}

    def lead(self, first: int, last: int) -> bool:
        """Return whether the value ``last`` was made from the value ``first``, which is older."""
        if (first, last) not in self.known:
            self.known[first, last] = first == last or self._made_from(first, last)
        return self.known[first, last]

    def _made_from(self, first: int, last: int) -> bool:
        """Go back from op to op, no further than to what is older than ``first``."""
        seen, waiting = {last}, [last]
        while waiting:
            producer = self.tree.trace.values[waiting.pop()].producer
            if producer is None:
                continue
            for value in self.tree.given[producer]:
                if value == first:
                    return True
                if value > first and value not in seen:
                    seen.add(value)
                    waiting.append(value)
        return False
