"""Tools without models: money, time, text, errors, web, SQL, HTTP client."""
