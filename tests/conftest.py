"""What every test run has: the register of real parts and the seed that rotates with the commit."""

pytest_plugins = ["tests.real_parts", "tests.rotation"]
