"""The MBG's site: what a person sees and does at `https://<MBG>/server-manager/`.

Pages are rendered here (Jinja2, plain forms, no script); every act goes through
`simulators.mbg.administration`. `mount` puts the site into the MBG's web server.
"""

from simulators.mbg.site.site import build, mount

__all__ = ["build", "mount"]
