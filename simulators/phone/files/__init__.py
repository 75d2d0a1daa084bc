"""What a phone reads: configuration files, firmware images, and what they mean."""
