#!/usr/bin/python3
"""peer - Python's csv module (which is C) reads a text file and counts.

    peer_csv_read.py FILE
"""
import csv
import sys

rows = cells = 0
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    for row in csv.reader(file):
        rows += 1
        cells += len(row)
print(f"{rows} rows, {cells} cells")
