"""What differs between deployments of what a person asks for: how large new topics are, and where the gateway is."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.console.core.topics import PRODUCTION_PARTITIONS
from shared.api_key import ApiKey
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


class GatewayAccess(Settings):
    """Where `millrace ask` finds a gateway, and the key that it sends."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    url: str | None = Field(
        default=None,
        description="The gateway's address. By default that of the local stack.",
        examples=["http://127.0.0.1:8080"],
    )
    api_key: ApiKey = Field(
        default=SecretStr(""),
        description="The key that is sent, the same that the gateway is told.",
        examples=["made by `python -c 'import secrets; print(secrets.token_urlsafe(24))'`"],
    )
