"""Results of a comparison: tables, their schema, the run folder, text formats."""
