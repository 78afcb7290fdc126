from ._shipping import main as main
from ._shipping import ship as ship
