// Shows the chosen OpenAPI document in Swagger UI. The documents come from the
// data-documents attribute, because the page's policy allows no inline script.
"use strict";

const chooser = document.getElementById("document");
const source = document.getElementById("source");
const documents = JSON.parse(chooser.dataset.documents);

function show(index) {
  const chosen = documents[index];
  source.href = chosen.path;
  window.SwaggerUIBundle({
    url: chosen.path,
    domNode: document.getElementById("docs"),
    deepLinking: true,
    defaultModelRendering: "example",
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    displayRequestDuration: true,
    filter: true,
    showExtensions: false,
    syntaxHighlight: { theme: "tomorrow-night" },
    tryItOutEnabled: true,
    validatorUrl: null,
  });
}

chooser.hidden = documents.length < 2;
chooser.labels[0].hidden = documents.length < 2;
chooser.addEventListener("change", () => show(Number(chooser.value)));
show(Number(chooser.value));
