"""The shop's pages. Requests, queries and templates are traced by themselves; what is added by hand is marked."""

import asyncio
from typing import Any

from aiohttp import ClientSession
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config
from shop.models import Order, Product


def home(request: HttpRequest) -> HttpResponse:
    """All products: a page without a line about tracing."""
    return render(request, "shop/home.html", {"products": Product.objects.order_by("name")})


async def product(request: HttpRequest, product_id: int) -> HttpResponse:
    """One product, with what two other services know of it, both asked at the same time."""
    found = await find(product_id)
    async with services() as session:
        stock, price = await asyncio.gather(
            answer(session, "GET", f"{settings.INVENTORY_URL}/stock/{product_id}"),
            answer(session, "GET", f"{settings.PRICING_URL}/price/{product_id}"),
        )
    # By hand: annotations can be searched for, metadata is there to be read.
    segment = xray_recorder.current_segment()
    segment.put_annotation("product", found.name)
    segment.put_annotation("in_stock", stock["left"] > 0)
    segment.put_metadata("price", price, "pricing")
    return render(request, "shop/product.html", {"product": found, "stock": stock, "price": price})


async def checkout(request: HttpRequest, product_id: int) -> HttpResponse:
    """Reserve a product and write the order down; inventory's refusal is this page's failure."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = await find(product_id)
    xray_recorder.current_segment().put_annotation("product", found.name)
    # By hand: a subsegment around a step that deserves its own line.
    async with xray_recorder.in_subsegment_async("place order"), services() as session:
        slip = await answer(session, "POST", f"{settings.INVENTORY_URL}/reserve/{product_id}")
        order = await Order.objects.acreate(product=found, reservation=slip["reservation"])
    return HttpResponse(f"{order}: {slip['reservation']}\n", content_type="text/plain", status=201)


async def find(product_id: int) -> Product:
    try:
        return await Product.objects.aget(pk=product_id)
    except Product.DoesNotExist:
        raise Http404(f"there is no product {product_id}") from None


def services() -> ClientSession:
    """A session whose calls are subsegments and carry the trace header. By hand: the trace_configs."""
    return ClientSession(trace_configs=[aws_xray_trace_config()], raise_for_status=True)


async def answer(session: ClientSession, method: str, url: str) -> dict[str, Any]:
    async with session.request(method, url) as response:
        return await response.json()
