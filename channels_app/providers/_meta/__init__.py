"""What Meta's messaging channels have in common: the signature, the envelope, the Graph API, its errors, the messaging window.

No provider of its own. Only Meta's channels import it, and it imports none of them.
"""
