"""What operators may do to the traffic: replay it, and ask a vendor whether a channel's credentials work."""
