"""The telephone system: MiVoice Office 250 nodes and the CT Gateway in front of them."""
