"""Performance side by side: our roles beside a peer, in alternating rounds of one run."""
