"""Looking into the latent space of a trained model: codes, projections, clusters, traversals."""
