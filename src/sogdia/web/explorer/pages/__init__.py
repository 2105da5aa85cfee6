"""The pages, by what they are about: each asks the index and the node, and gives a page to be shown."""
