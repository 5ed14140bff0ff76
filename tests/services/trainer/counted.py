"""A store that counts what is read from it."""

from typing import Any

from shared.io.object_store import ObjectStore


class Counted:
    """An object store; `got` are the keys whose bytes were asked for."""

    def __init__(self, store: ObjectStore) -> None:
        """Read from `store`."""
        self._store = store
        self.got: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        """Give what the store has; a GET is counted."""
        method = getattr(self._store, name)
        if name not in ("get", "get_versioned"):
            return method

        def read(key: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            self.got.append(key)
            return method(key, *arguments, **options)

        return read
