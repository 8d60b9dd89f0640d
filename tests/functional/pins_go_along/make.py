from two_sources import both, corrected, mailbox  # noqa: F401
