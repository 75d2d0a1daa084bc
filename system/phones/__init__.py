"""What a 69xx asks for: configuration files, firmware, action URIs, polls."""
