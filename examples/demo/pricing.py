"""Pricing: an aiohttp service that knows what things cost."""

import asyncio
import sys

from aiohttp import web

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.aiohttp.middleware import middleware

PRICES = {1: 40.0, 2: 85.0}

xray_recorder.configure(service="pricing", sampling=False)


async def price(request: web.Request) -> web.Response:
    product_id = int(request.match_info["product_id"])
    if product_id not in PRICES:
        return web.json_response({"euros": await ask_supplier(product_id)})
    return web.json_response({"euros": PRICES[product_id]})


@xray_recorder.capture_async("ask supplier")
async def ask_supplier(product_id: int) -> float:
    """The price of what is made to order, known to a supplier who takes his time."""
    await asyncio.sleep(0.4)
    euros = 300.0
    xray_recorder.current_subsegment().put_metadata("offer", {"product": product_id, "euros": euros})
    return euros


app = web.Application(middlewares=[middleware])
app.router.add_get("/price/{product_id}", price)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
