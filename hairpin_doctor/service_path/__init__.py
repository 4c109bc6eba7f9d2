"""The path of one client's packets to one VIP, hop by hop, with what the evidence says of each: data for every picture."""
