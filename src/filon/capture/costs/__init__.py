"""What campaigns and channels cost."""
