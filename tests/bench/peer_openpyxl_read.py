#!/usr/bin/python3
"""peer - openpyxl reads a workbook, in read-only mode, and counts.

    peer_openpyxl_read.py WORKBOOK
"""
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
rows = cells = 0
for row in book["Employees"].iter_rows(values_only=True):
    rows += 1
    cells += sum(value is not None for value in row)
print(f"{rows} rows, {cells} cells")
