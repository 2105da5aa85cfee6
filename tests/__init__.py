"""The tests. Folders mirror the source; `tidy` looks at the repository itself."""
