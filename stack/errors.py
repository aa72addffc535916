"""The one error of this package."""


class StackError(Exception):
    """Something that the person at the keyboard can put right. The message is one sentence or two, and says what to do."""
