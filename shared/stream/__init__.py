"""The safe stream runner: at least once in transit, nothing lost, on Faust or on plain aiokafka."""
