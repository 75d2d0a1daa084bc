"""HTTP APIs that are declared once: served by aiohttp, described by OpenAPI 3.1.

`routes.Route` says what a call takes and answers; `application.application` serves routes,
`openapi.document` describes them. Errors are `refused.Refused`, the same on every API.
"""
