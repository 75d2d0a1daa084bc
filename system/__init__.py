"""The MCS: it configures 69xx phones and provisions teleworkers on an MBG by itself.

Two ways in: ``python -m system`` and ``system.app.Mcs``. It meets the MBG, the CT Gateway and the
phones on the wire only (``docs/wire.md``) and shares no code with any emulation of them.
"""

__version__ = "0.1.0"
