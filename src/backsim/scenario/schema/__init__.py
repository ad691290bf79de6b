"""What a scenario file may say: each field once, with its type, unit, default and meaning."""

from backsim.scenario.capacity import Capacity, Servers, Throughput
from backsim.scenario.costs import CostRates, StockCosts
from backsim.scenario.dates import Calendar, Dates, Shipping
from backsim.scenario.demand.schema import OrderList, Pattern, Process, Trace, TraceDemand
from backsim.scenario.schema.customers import CustomerClass, Delivery, Returns, Serving
from backsim.scenario.schema.opening import (
    Inbound,
    Opening,
    OpenOrder,
    OpenPurchase,
    OpenStock,
)
from backsim.scenario.schema.policy import (
    Batches,
    Change,
    Observation,
    Policy,
    Review,
    Room,
)
from backsim.scenario.schema.products import Product, Recall, Site
from backsim.scenario.schema.purchase_limits import PurchaseLimit
from backsim.scenario.schema.scenario import ResolvedScenario, Scenario
from backsim.scenario.schema.sources import SiteSource, SupplierSource, Transfers
from backsim.scenario.schema.stock import ResolvedPoint, StockPoint
from backsim.scenario.schema.suppliers import Supplier

__all__ = [
    "Batches",
    "Calendar",
    "Capacity",
    "Change",
    "CostRates",
    "CustomerClass",
    "Dates",
    "Delivery",
    "Inbound",
    "Observation",
    "OpenOrder",
    "OpenPurchase",
    "OpenStock",
    "Opening",
    "OrderList",
    "Pattern",
    "Policy",
    "Process",
    "Product",
    "PurchaseLimit",
    "Recall",
    "ResolvedPoint",
    "ResolvedScenario",
    "Returns",
    "Review",
    "Room",
    "Scenario",
    "Servers",
    "Serving",
    "Shipping",
    "Site",
    "SiteSource",
    "StockCosts",
    "StockPoint",
    "Supplier",
    "SupplierSource",
    "Throughput",
    "Trace",
    "TraceDemand",
    "Transfers",
]
