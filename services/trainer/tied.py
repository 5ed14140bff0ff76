"""What the fork server imports first: from then on it dies with the trainer, however long the rest takes to import."""

from shared.stream.parent import die_with_forker

# To `multiprocessing` a fork server is nobody's child, and its forks live as long as it does.
die_with_forker()
