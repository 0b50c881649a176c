"""What every architecture and every task is held to. A new family adds its rows in `families`."""
