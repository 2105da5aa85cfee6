"""The engine for several organisations: CometBFT orders and agrees, this side executes, stores and answers."""
