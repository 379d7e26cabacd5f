"""What is asked while moves go on: a move's minutes with reasons, a route's coming hours."""
