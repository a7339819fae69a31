"""Local servers that speak providers' protocols, each in a process of its own."""
