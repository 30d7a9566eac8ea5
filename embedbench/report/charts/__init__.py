"""The charts of the page: a table in, a chart out."""
