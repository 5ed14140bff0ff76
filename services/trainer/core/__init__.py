"""What the trainer decides, without servers."""
