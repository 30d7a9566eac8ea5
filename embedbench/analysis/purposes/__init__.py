"""What encoders are for, and at what size of their vectors."""
