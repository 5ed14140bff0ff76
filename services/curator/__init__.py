"""The curator: merges small shards, collects garbage, and forgets documents."""
