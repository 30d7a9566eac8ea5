"""What the page is made of: its sections, in their order."""
