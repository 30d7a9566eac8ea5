// Bundles src/ into one file: node build.mjs FILE
import { build } from "esbuild";

await build({
  entryPoints: ["src/main.js"],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "iife",
  target: "es2022",
  legalComments: "inline",
  banner: {
    js: "/*! The page of embedbench, Apache-2.0. It holds no code of others. Sources: embedbench/report/web/src, built by `make page`. */",
  },
});
