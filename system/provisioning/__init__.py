"""Provisioning of SIP devices on the MBG: stored queue, plan, executor, worker."""
