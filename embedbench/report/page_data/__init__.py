"""What the script of the page is given: a table in, a record that JSON can hold out."""
