"""Tables of images and labels: read them, choose columns, match names."""
