"""The bench: programs that measure speed and size, beside what others reach on the same machine."""
