"""Turns away texts that are `too-short` to learn from, or `too-long` to be one page."""

from typing import Final

from services.cleaner.core.document import Document, Policy, Rejection, Step


def require_length(document: Document, policy: Policy) -> Document | Rejection:
    """Hold the text to its language's `min_characters` and `max_characters`; scores the `characters`."""
    profile = policy.profile(document.language)
    characters = len(document.text)
    if characters < profile.min_characters:
        return Rejection("too-short", f"{characters} characters, and {profile.min_characters} are the least")
    if characters > profile.max_characters:
        return Rejection("too-long", f"{characters} characters, and {profile.max_characters} are the most")
    return document.scored(characters=characters)


REQUIRE_LENGTH: Final = Step("require-length", 1, require_length)
