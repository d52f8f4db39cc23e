"""Inventory: a Flask service that knows what is on the shelves."""

import asyncio
import os

from aiohttp import ClientSession
from flask import Flask, render_template

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware

PRICING_URL = os.environ["PRICING_URL"]
SHELVES = {1: ("A1", 12), 2: ("B4", 0), 3: ("C2", 1)}  # product: shelf, pieces

app = Flask(__name__)
xray_recorder.configure(service="inventory", sampling=False)
XRayMiddleware(app, xray_recorder)


class OutOfStock(Exception):
    """Nothing of a product is left."""


@app.get("/stock/<int:product_id>")
def stock(product_id: int) -> dict[str, int]:
    return {"left": count(product_id)}


@app.post("/reserve/<int:product_id>")
def reserve(product_id: int) -> dict[str, str]:
    euros = asyncio.run(price_of(product_id))
    shelf = pick(product_id)
    slip = render_template("slip.txt", count=1, product_id=product_id, euros=euros, shelf=shelf)
    return {"reservation": slip}


@xray_recorder.capture("count pieces")
def count(product_id: int) -> int:
    shelf, pieces = SHELVES[product_id]
    xray_recorder.current_subsegment().put_annotation("shelf", shelf)
    return pieces


@xray_recorder.capture("pick from shelf")
def pick(product_id: int) -> str:
    if not count(product_id):
        # Nothing to do about tracing: the exception is recorded where it was raised, on its way out.
        raise OutOfStock(f"product {product_id} is sold out")
    return SHELVES[product_id][0]


async def price_of(product_id: int) -> float:
    url = f"{PRICING_URL}/price/{product_id}"
    async with ClientSession(trace_configs=[aws_xray_trace_config()]) as session, session.get(url) as response:
        price = await response.json()
    return float(price["euros"])
