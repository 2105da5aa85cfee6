"""The command line `sogdia`: each command reads its input, calls one function and shows the result."""
