"""Weight maps of Ronneberger et al. (2015): class balance, and a border term between touching cells."""
