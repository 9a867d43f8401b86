"""Breaking it: real processes, faults at random instants of a seed, and a judge who counts what arrived.

plan       what is broken when, what is measured and pressed when: all from one seed
households the homes, gateways and the centre, as files
stage      the processes, started and started again
link       what lies between a gateway and the broker: a TCP proxy, and a line that loses packets
faults     each fault, carried out
people     who measures, who presses, who sits at the desk
ledger     what meters handed over and gateways took, with the time of each
judge      ledger against database: lost, doubled, shown, closed
growth     memory and files of every process, before and after
"""
