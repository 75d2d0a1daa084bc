"""What tests of another project look like; run by `make test`."""
