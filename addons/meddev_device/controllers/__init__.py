from . import label
from . import portal
from . import pricelist
