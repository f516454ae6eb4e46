"""The window: the only part of MedAE that knows Qt, and one that never computes by itself."""
