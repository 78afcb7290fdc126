from ._shipping import ship as ship
