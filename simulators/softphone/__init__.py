"""Phone Manager's softphone: a SIP extension on a computer, at the office or outside."""
