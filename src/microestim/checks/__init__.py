"""Is it to be believed: what a study's own figures give, and how far a fit can be trusted."""
