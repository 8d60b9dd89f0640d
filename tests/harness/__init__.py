"""harness - what tests/run is made of: job (what a test is, how a program is run), then one file per kind of test."""
