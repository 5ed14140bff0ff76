"""When the curator merges shards, what it takes for garbage, and how often it looks."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.curator.core.compaction import Policy
from services.curator.core.garbage import Keep
from shared.settings import Seconds, Settings
from shared.unit import Unit

MIB: Final = 1024 * 1024

Bytes = Annotated[int, Field(ge=1_024, le=2_147_483_648), Unit("bytes")]
LongSeconds = Annotated[float, Field(ge=0, le=31_536_000), Unit("seconds")]


class CuratorSettings(Settings):
    """When the curator merges shards, what it takes for garbage, and how often it looks."""

    model_config = SettingsConfigDict(env_prefix="CURATOR_")

    merge_min_shards: Annotated[int, Field(ge=2, le=10_000), Unit("shards")] = Field(
        default=8, description="From so many small neighbouring shards on, they are merged."
    )
    small_bytes: Bytes = Field(default=8 * MIB, description="A shard below this is small.")
    target_bytes: Bytes = Field(
        default=32 * MIB,
        description="The most bytes of shards that are merged into one; merging takes about ten times as much memory.",
    )
    keep_versions: Annotated[int, Field(ge=1, le=1_000_000), Unit("versions")] = Field(
        default=100, description="So many last versions are kept; ready ones always are."
    )
    version_age_seconds: LongSeconds = Field(default=3_600, description="Versions younger than this are kept too.")
    grace_seconds: LongSeconds = Field(
        default=86_400, description="A shard that no version names is kept for so long: its manifest may be on the way."
    )
    compact_every_seconds: Seconds = Field(default=60, description="How often shards are looked at.")
    collect_every_seconds: Seconds = Field(default=3_600, description="How often garbage is collected.")

    @property
    def policy(self) -> Policy:
        """Give the rule of merging."""
        return Policy(self.merge_min_shards, self.small_bytes, self.target_bytes)

    @property
    def keep(self) -> Keep:
        """Give what is never garbage."""
        return Keep(
            versions=self.keep_versions,
            version_age=timedelta(seconds=self.version_age_seconds),
            shard_grace=timedelta(seconds=self.grace_seconds),
        )
