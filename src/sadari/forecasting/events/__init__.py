"""What happened: logs read row by row, kept so that nothing is lost, made into moves on routes."""
