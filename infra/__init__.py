"""What runs Millrace: the local process stack, images, and one file of ports and versions."""
