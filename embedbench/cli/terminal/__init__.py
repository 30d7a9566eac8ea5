"""What the command line has to do with the terminal: its shell, and its signals."""
