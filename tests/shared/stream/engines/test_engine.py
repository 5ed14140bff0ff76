"""What all engines share: the table."""

from shared.settings import StreamSettings
from shared.stream.engines import ENGINES


def test_every_engine_that_the_settings_know_is_in_the_table() -> None:
    """And no other."""
    field = StreamSettings.model_fields["engine"]

    assert set(ENGINES) == set(getattr(field.annotation, "__args__", ()))
