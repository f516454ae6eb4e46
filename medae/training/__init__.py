"""Training: recipes, noise models, samples, the loop, calibration."""
