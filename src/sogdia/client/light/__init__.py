"""The light client: which headers of a network that runs on CometBFT are to be trusted, found out without its nodes."""
