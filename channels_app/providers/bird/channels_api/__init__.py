"""Bird's Channels API (api.bird.com), the successor of the REST API: SMS and MMS through a channel of a workspace."""
