"""The nouns of the gateway: values only, standard library only."""
