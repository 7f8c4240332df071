// Starts the viewer of /api/docs or /api/redoc. A file of its own: the pages' policy allows no inline script.
const place = document.getElementById("docs");
if (window.SwaggerUIBundle) {
  SwaggerUIBundle({
    url: "openapi.json",
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null, // the bundle names a validator on the internet
  });
} else if (window.Redoc) {
  const fontFamily = "system-ui, sans-serif";
  const theme = { typography: { fontFamily, headings: { fontFamily } } };
  Redoc.init("openapi.json", { hideDownloadButtons: true, nativeScrollbars: true, sanitize: true, theme }, place);
} else {
  place.append("Its viewer is not installed: pip install offapi==0.1.3 brings it.");
}
