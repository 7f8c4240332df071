// Starts ReDoc on /api/redoc. A file of its own, because the page's policy allows no inline script.
Redoc.init(
  "openapi.json",
  {
    hideDownloadButtons: true, // the link at the top of /api/docs does the same
    nativeScrollbars: true,
    sanitize: true,
    theme: { typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } } },
  },
  document.getElementById("docs"),
);
