"""The window: the only part of MedAE that knows Qt, and one that never computes by itself."""

from medae.gui.immortal import make_singletons_immortal

make_singletons_immortal()
