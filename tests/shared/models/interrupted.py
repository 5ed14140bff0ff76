"""A store in memory in which others come between."""

from collections.abc import Callable

from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo


class Overtaken(MemoryObjectStore):
    """A store in which something happens before an object is replaced."""

    def __init__(self) -> None:
        """Let nothing happen."""
        super().__init__()
        self.before: Callable[[], object] = lambda: None

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Let it happen once, then replace."""
        before, self.before = self.before, lambda: None
        before()
        return super().replace(key, data, if_match=if_match, content_type=content_type)
