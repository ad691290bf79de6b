"""Who gets the scarce units: a book of open orders -> Plan, by a linear program or by rules."""
