"""How large `millrace topics apply` makes topics, where a deployment differs from production."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.console.core.topics import PRODUCTION_PARTITIONS
from shared.settings import Settings


class TopicSettings(Settings):
    """The size of new topics."""

    model_config = SettingsConfigDict(env_prefix="TOPICS_")

    partitions: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=PRODUCTION_PARTITIONS, description="Partitions of a topic that isn't held to one; 4 on a laptop."
    )
    replication: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None,
        description="Replicas of each partition. By default 3, or as many as there are brokers.",
        examples=[3],
    )
