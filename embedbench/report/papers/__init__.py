"""Files for a paper: the table in LaTeX, the methods in sentences, the references in BibTeX."""
