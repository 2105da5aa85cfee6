"""The settings of all processes, declared once: bounds, defaults, where they may be given, what is wrong with them."""
