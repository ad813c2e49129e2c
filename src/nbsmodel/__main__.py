"""``python -m nbsmodel``."""

from nbsmodel.cli import main

main()
