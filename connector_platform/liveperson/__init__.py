"""LivePerson's Connector API without I/O: the consumer side of a conversation, as generators, parsers and data.

Sending (every generator yields ``HttpCall`` values and is sent their answers; it interprets each answer itself):

- ``app``: what one app install on one account is configured with.
- ``domains``: which host serves what for an account.
- ``tokens``: the AppJWT of the app install and the ConsumerJWS of a consumer; both travel with every Send API call.
- ``sdes``: what agents are told about the person.
- ``conversation``: opening a conversation.
- ``publish``: everything that is sent into one: text, chat states, accept statuses, closing, profile, ratings.
- ``files``: the addresses under which files go into and come out of LivePerson's storage.
- ``headers``, ``send_api``: what the calls to the Send API have in common.
- ``errors``: what each refusal means, as an error type and as a table for the docs.

Receiving:

- ``signature``: whether a webhook is LivePerson's.
- ``notifications``: what it says, one value for each change (``wire`` holds the payloads'
  models, ``json_body`` the careful reader, ``hosted_files`` the file types).

Nothing here opens a socket, reads a clock, stores a token or knows a database. The platform does that, and decides from an error's
type what happens next.
"""
