"""What must never change: permanent numbers, the shapes behind them, and the hashes of one fixed script."""
