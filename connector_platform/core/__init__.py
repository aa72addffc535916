"""Vocabulary, the one HTTP client, clock, ids, encryption, redaction, text. No Django models."""
