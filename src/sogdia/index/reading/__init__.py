"""What may be asked of an index: functions over a connection that give typed values, a page at a time."""
