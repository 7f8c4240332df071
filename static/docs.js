// Starts Swagger UI on /api/docs. A file of its own, because the page's policy allows no inline script.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null, // the bundle names a validator on the internet
});
