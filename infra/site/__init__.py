"""The demo's site: LibreOffice's help, from Debian's packages, served on loopback for spiders to read."""
