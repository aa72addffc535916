"""What operators configure: brands, LivePerson apps, channels, API keys; consumers and conversations."""
