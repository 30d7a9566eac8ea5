// Bundles src/ into one file: node build.mjs FILE. Beside it goes a file with the licences of what
// is in it, and the file begins with the names of these packages.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { build } from "esbuild";

const [file] = process.argv.slice(2);
const options = {
  entryPoints: ["src/main.js"],
  outfile: file,
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "iife",
  target: "es2022",
  legalComments: "none",
  metafile: true,
};
const { metafile } = await build({ ...options, write: false });
const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.entries(inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /^node_modules\/((@[^/]+\/)?[^/]+)\//.exec(path)?.[1]),
);
const packages = [...new Set(used)].filter(Boolean).sort().map((name) => {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!license || !text) throw new Error(`${name} tells no licence`);
  return { name, version, license, text: readFileSync(join(folder, text), "utf8").trim() };
});
const named = packages.map(({ name, version, license }) => `${name} ${version} (${license})`);
await build({
  ...options,
  banner: {
    js:
      "/*! The page of embedbench, Apache-2.0. Sources: embedbench/report/web/src, built by `make page`. " +
      `Holds, under their licences in LICENCES.txt: ${named.join(", ")}. */`,
  },
});
writeFileSync(
  join(dirname(file), "LICENCES.txt"),
  packages.map((one, index) => `${named[index]}\n\n${one.text}\n`).join(`\n${"-".repeat(80)}\n\n`),
);
