"""What a phone tells of visits: late where it had no net, and maybe twice."""
