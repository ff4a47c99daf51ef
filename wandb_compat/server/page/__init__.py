"""The embedded server's web page: routes, views and static assets."""
