"""Pure parts of the load engine: phones, ledger, histograms. No socket, no clock, no loop."""
