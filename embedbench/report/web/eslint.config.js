import js from "@eslint/js";

const browser = [
  "document", "window", "location", "history", "navigator", "requestAnimationFrame",
  "getComputedStyle", "matchMedia", "ResizeObserver", "devicePixelRatio", "atob",
];

export default [
  js.configs.recommended,
  {
    files: ["src/**/*.js"],
    languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
    rules: {
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "prefer-const": "error",
      // Foreign names become text of the document, never elements.
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "use element() of dom.js" },
        { property: "outerHTML", message: "use element() of dom.js" },
        { property: "insertAdjacentHTML", message: "use element() of dom.js" },
        { object: "document", property: "write", message: "use element() of dom.js" },
      ],
    },
  },
  // The report asks nothing of anybody; the page that asks for labels, of its own command.
  { files: ["src/ask.js"], languageOptions: { globals: { fetch: "readonly" } } },
  { files: ["build.mjs"], languageOptions: { globals: { process: "readonly" } } },
];
