"""What a burst came to: its levels, its storm's recovery, lasting harm, cost, and the documents."""
