// Starts Swagger UI on the page /api/v1/docs; the key that is entered stays in this tab.
window.SwaggerUIBundle({
  url: new URL("openapi.json", window.location.href).href,
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  persistAuthorization: false,
  syntaxHighlight: { activated: false },
  tryItOutEnabled: true,
  validatorUrl: null,
});
