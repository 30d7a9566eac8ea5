// Bundles src/ into page.js and ask.js: node build.mjs. Beside them goes a file with the licences
// of what is in them, and each begins with the names of these packages.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

const entries = { "page.js": "src/main.js", "ask.js": "src/ask.js" };
const options = {
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "iife",
  target: "es2022",
  legalComments: "none",
  metafile: true,
};
const found = new Map();
for (const [outfile, entry] of Object.entries(entries)) {
  const own = { ...options, entryPoints: [entry], outfile };
  const { metafile } = await build({ ...own, write: false });
  const packages = packagesIn(metafile);
  for (const one of packages) found.set(one.named, one);
  const named = packages.map((one) => one.named);
  const holds = named.length ? ` Holds, under their licences in LICENCES.txt: ${named.join(", ")}.` : "";
  await build({
    ...own,
    banner: {
      js: `/*! A page of embedbench, Apache-2.0. Sources: embedbench/report/web/src, built by \`make page\`.${holds} */`,
    },
  });
}
writeFileSync(
  "LICENCES.txt",
  [...found.values()].map((one) => `${one.named}\n\n${one.text}\n`).join(`\n${"-".repeat(80)}\n\n`),
);

/** Returns name, version and licence of each package in a bundle. */
function packagesIn(metafile) {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => /^node_modules\/((@[^/]+\/)?[^/]+)\//.exec(path)?.[1]),
  );
  return [...new Set(used)].filter(Boolean).sort().map((name) => {
    const folder = join("node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!license || !text) throw new Error(`${name} tells no licence`);
    return { named: `${name} ${version} (${license})`, text: readFileSync(join(folder, text), "utf8").trim() };
  });
}
