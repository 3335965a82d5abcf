"""What people do with our messages: follow a link, open, leave."""
