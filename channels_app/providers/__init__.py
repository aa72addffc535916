"""Messaging platforms: one package each. See docs/adding-a-channel.md."""
