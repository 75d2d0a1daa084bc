"""The control API: what a person or the bench does to a simulated role, for other processes.

JSON over plain HTTP on a port and an address of its own, loopback only; the simulated APIs never
show it. One generic part for any role, and a part for each kind of role.
"""
