"""Files: local and remote paths, atomic writes, safe CSV, HTTP, the vector store."""
