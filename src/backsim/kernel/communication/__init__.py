"""What customers who wait are told: promise dates, notices, inquiries."""
