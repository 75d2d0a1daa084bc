"""The handsets as pages: a wall of all of them, and each one to be seen and used."""
