"""Officials: how strict a post is, who is stopped, what a district spends its money on."""
