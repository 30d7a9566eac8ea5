"""The answer in words and tables: the summary, the pairs, the purposes."""
