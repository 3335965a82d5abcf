"""Custom fields made on a screen: what the workspace's own fields of leads and accounts hold."""
