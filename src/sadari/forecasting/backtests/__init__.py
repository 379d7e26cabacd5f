"""What forecasts are worth: every model forecasts what came, knowing only what was before."""
