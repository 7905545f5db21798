"""What all configuration files share: how they are read whole, and the kinds of values they hold."""
