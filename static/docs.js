// Starts the viewer of /api/docs or /api/redoc; their policy allows no script within the page.
const container = document.getElementById("docs");
if (window.SwaggerUIBundle) {
  SwaggerUIBundle({
    url: "openapi.json",
    domNode: container,
    presets: [SwaggerUIBundle.presets.apis],
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null, // the bundle names a validator on the internet
  });
} else if (window.Redoc) {
  const fontFamily = "system-ui, sans-serif";
  const theme = { typography: { fontFamily, headings: { fontFamily } } };
  Redoc.init(
    "openapi.json",
    { hideDownloadButtons: true, nativeScrollbars: true, sanitize: true, theme },
    container,
  );
} else {
  container.append("Its viewer is not installed: pip install offapi==0.1.3 brings it.");
}
