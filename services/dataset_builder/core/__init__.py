"""The pure part: what a document becomes, what a commit holds, when a version is ready."""
