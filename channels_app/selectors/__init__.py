"""Reading. Services write, selectors read."""
