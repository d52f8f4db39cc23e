"""Which page is where."""

from django.urls import path

from shop import views

urlpatterns = [
    path("", views.home),
    path("product/<int:product_id>", views.product),
    path("checkout/<int:product_id>", views.checkout),
]
