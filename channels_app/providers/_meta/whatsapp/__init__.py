"""WhatsApp's messages as Meta takes them, whether they go to Meta itself or by a vendor that passes them on."""
