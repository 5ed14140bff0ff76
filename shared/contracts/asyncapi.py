"""The AsyncAPI 3.0 document of all topics: what lies on each, who writes it, who reads it.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.contracts import envelope, failures
from shared.contracts.topics import DEAD_LETTER_LIMIT_BYTES, RECORD_LIMIT_BYTES, Topic

Json = dict[str, Any]

VERSION: Final = "3.0.0"
KAFKA_BINDING_VERSION: Final = "0.5.0"
DEAD_LETTER_READER: Final = "console"
_FOREVER_MS: Final = -1
_TEXT: Final[Json] = {"type": "string", "minLength": 1}
_MOMENT: Final[Json] = {"type": "string", "format": "date-time"}
_COUNT: Final[Json] = {"type": "string", "pattern": "^[0-9]+$"}

_EVENT_HEADERS: Final[Json] = {
    "type": "object",
    "description": "A CloudEvents 1.0 envelope in Kafka's binary mode; values are UTF-8.",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_dataschema",
        "ce_partitionkey",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": envelope.SPEC_VERSION},
        "ce_id": _TEXT | {"description": "The same whenever the same work is done: a replay is known by it."},
        "ce_source": {"type": "string", "pattern": "^/millrace/"},
        "ce_type": _TEXT,
        "ce_time": _MOMENT,
        "ce_dataschema": _TEXT,
        "ce_partitionkey": _TEXT | {"description": "The record's key."},
        "content-type": {"const": envelope.CONTENT_TYPE},
        "ce_origin": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._-]+/[0-9]+/[0-9]+$",
            "description": "The record that it was made of, as topic/partition/offset; absent at the head of a flow.",
        },
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
        failures.REPLAYED_HEADER: _COUNT | {"description": "On a replayed record: the attempt that had failed."},
    },
}

_DEAD_LETTER_HEADERS: Final[Json] = {
    "type": "object",
    "description": "The original record's headers, and beside them where it came from and what went wrong.",
    "required": [
        failures.PREFIX + name
        for name in ("topic", "partition", "offset", "error", "detail", "service", "version", "failed_at", "attempt")
    ],
    "properties": {
        "dlq_topic": _TEXT,
        "dlq_partition": _COUNT,
        "dlq_offset": _COUNT,
        "dlq_error": {"type": "string", "description": "The exception's class."},
        "dlq_detail": {"type": "string", "description": "The exception's message, and the line that raised it."},
        "dlq_service": _TEXT,
        "dlq_version": _TEXT,
        "dlq_failed_at": _MOMENT,
        "dlq_attempt": _COUNT | {"description": "Counts from 1, and grows with each replay that failed again."},
    },
}

_DEAD_LETTER: Final[Json] = {
    "name": "DeadLetter",
    "title": "A record that could not be worked on",
    "summary": "Key and value are those of the original, byte for byte.",
    "contentType": "application/octet-stream",
    "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
    "payload": {"description": "Whatever the original record held: it need not be JSON."},
}


def document(topics: Iterable[Topic[Any]], schemas: Mapping[str, str]) -> Json:
    """Give the document of `topics`; `schemas` says where the schema of each topic's payload is, by topic."""
    topics = tuple(topics)
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Millrace",
            # Grows with each topic, and with each new version of one.
            "version": str(sum(topic.version for topic in topics)),
            "description": "Every topic of Millrace. Each has a twin for its dead letters.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": envelope.CONTENT_TYPE,
        "channels": {name: channel for topic in topics for name, channel in _channels(topic).items()},
        "operations": {name: operation for topic in topics for name, operation in _operations(topic).items()},
        "components": {
            "messages": {topic.message.__name__: _message(topic, schemas[topic.name]) for topic in topics}
            | {"DeadLetter": _DEAD_LETTER},
            "schemas": {"EventHeaders": _EVENT_HEADERS, "DeadLetterHeaders": _DEAD_LETTER_HEADERS},
        },
    }


def _channels(topic: Topic[Any]) -> Json:
    retention = _FOREVER_MS if topic.retention is None else int(topic.retention.total_seconds() * 1000)
    live = _channel(topic.name, topic.message.__name__, retention, RECORD_LIMIT_BYTES)
    dead = _channel(topic.dead_letters, "DeadLetter", _FOREVER_MS, DEAD_LETTER_LIMIT_BYTES)
    return {
        topic.name: {"description": topic.description} | live,
        topic.dead_letters: {"description": f"Records of {topic.name} that could not be worked on."} | dead,
    }


def _channel(name: str, message: str, retention_ms: int, limit_bytes: int) -> Json:
    return {
        "address": name,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {
            "kafka": {
                "topic": name,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": retention_ms,
                    "max.message.bytes": limit_bytes,
                },
                "bindingVersion": KAFKA_BINDING_VERSION,
            }
        },
    }


def _message(topic: Topic[Any], schema: str) -> Json:
    return {
        "name": topic.message.__name__,
        "title": topic.description,
        "contentType": envelope.CONTENT_TYPE,
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/EventHeaders"},
                {
                    "type": "object",
                    "properties": {"ce_type": {"const": topic.type}, "ce_dataschema": {"const": topic.dataschema}},
                },
            ]
        },
        "payload": {"$ref": schema},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The message's `{topic.key}`, in UTF-8."},
                "bindingVersion": KAFKA_BINDING_VERSION,
            }
        },
    }


def _operations(topic: Topic[Any]) -> Json:
    sends = [_operation("send", service, topic.name) for service in topic.producers]
    receives = [_operation("receive", service, topic.name) for service in topic.consumers]
    buries = [_operation("send", service, topic.dead_letters) for service in topic.consumers]
    return dict([*sends, *receives, *buries, _operation("receive", DEAD_LETTER_READER, topic.dead_letters)])


def _operation(action: str, service: str, channel: str) -> tuple[str, Json]:
    """Give one service's part in a channel, named as it reads: `cleaner.receive.documents-raw`."""
    return f"{service}.{action}.{channel}", {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "tags": [{"name": service}],
    }
