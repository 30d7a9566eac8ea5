"""One comparison from end to end: options, stages, verdict, tables."""
