"""LivePerson and the messaging platforms, emulated: for the demo, for development, for tests.

One asyncio process that imports nothing of the platform, so that a misreading of a protocol is not mirrored.
"""
