"""What is asked while moves go on: one move's minutes with their reasons, a route's coming hours."""
