"""The pages that operators work with."""
