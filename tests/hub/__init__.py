"""The loopback rig: servers that speak the hubs' protocols, a fault proxy, and the tests of downloading."""
