from . import label
from . import portal
