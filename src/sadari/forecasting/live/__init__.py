"""What is asked while a fab runs: one move's minutes with their reasons, a route's coming hours."""
