"""What a running node serves on its socket, whichever engine brings envelopes into blocks."""
