"""What forecasts: models of single moves and of route-hours, what they know, their calibration."""
