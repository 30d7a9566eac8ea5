"""Read Open Images from its official files."""
