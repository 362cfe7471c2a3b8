"""Words of pages besides the report, a table each: their keys are their own."""
