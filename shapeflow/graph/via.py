"""What happens to a tensor between two boxes: the names of the ops on an arrow."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_NAMES = 3
"""So many names stand on an arrow."""
MOST_NAMES = 24
"""So many are kept: a model without modules may have thousands of ops between two boxes."""


@dataclass(frozen=True, slots=True)
class Via:
    """The ops that a tensor goes through between two boxes, by name; a name is not said twice in a row."""

    names: tuple[str, ...] = ()

    def then(self, *names: str) -> Via:
        """Return the way on through further ops."""
        result = self.names
        for name in names:
            if len(result) <= MOST_NAMES and (not result or result[-1] != name):
                result = (*result, name)
        return self if result is self.names else Via(result)

    def beside(self, other: Via) -> Via:
        """Return two ways from one place to another as one."""
        if len(other.names) > len(self.names):
            return other.beside(self)
        return self.then(*(name for name in other.names if name not in self.names))

    def __str__(self) -> str:
        """As it stands on an arrow: ``flatten · transpose``; nothing where there are no ops."""
        left = len(self.names) - SHOWN_NAMES
        shown = list(self.names[:SHOWN_NAMES])
        if left > 0:
            shown.append(f"… {left} more" if len(self.names) <= MOST_NAMES else "… many more")
        return " · ".join(shown)


DIRECTLY = Via()
"""No ops: what one box gives is what another gets."""
