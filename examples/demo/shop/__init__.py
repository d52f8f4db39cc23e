"""The shop: a Django project of one app, served through ASGI. It asks inventory and pricing over HTTP."""
