"""Results for other tools: files that they open, or records in their stores."""
