"""What the SMS channels share: the GSM alphabet, numbers, the words that stop and start, the messages that an event becomes.

It knows no vendor: each says in its own package how long a message may be and whether pictures go out as MMS.
"""
