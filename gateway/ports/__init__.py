"""Protocols between the stations and the machine: transport, archive, clock, jobs, unit of work, queries."""
