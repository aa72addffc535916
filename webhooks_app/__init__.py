"""What moves messages: receive views, journal, lanes, attempts, retries, workers."""
