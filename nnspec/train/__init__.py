"""Training, lowered to calls like the network."""
