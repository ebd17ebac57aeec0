// Shows the server's own description; nothing is fetched from anywhere else.
"use strict";
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "../openapi.json",
    dom_id: "#api",
    deepLinking: true,
    validatorUrl: null,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    defaultModelsExpandDepth: 0,
  });
});
