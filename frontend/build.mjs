// Builds everything the pages load: app.js, app.css, charts.js, the font files and the icon sprite.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

const OUT = "../src/filon/ui/static/built";
const LIMIT_KB = 100; // app.js + app.css, compressed; ux.md allows 150 for a whole page

mkdirSync(OUT, { recursive: true });
for (const name of readdirSync(OUT)) rmSync(join(OUT, name), { recursive: true });

await build({
  entryPoints: { app: "src/app.js", charts: "src/charts.js", form: "src/form.js", "app-styles": "src/styles/app.css" },
  outdir: OUT,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "iife",
  legalComments: "linked",
  target: ["chrome123", "firefox128", "safari17.5"],
  external: ["*.woff2"],
  logLevel: "warning",
});
copyFileSync(join(OUT, "app-styles.css"), join(OUT, "app.css"));
rmSync(join(OUT, "app-styles.css"));

for (const subset of ["latin", "latin-ext"]) {
  const file = `inter-${subset}-wght-normal.woff2`;
  copyFileSync(join("node_modules/@fontsource-variable/inter/files", file), join(OUT, file));
}

writeFileSync(join(OUT, "icons.svg"), sprite(JSON.parse(readFileSync("icons.json", "utf8"))));
report();

/** One <symbol> an icon; the template tag {% icon %} reads it and inlines what a page uses. */
function sprite(names) {
  const symbols = names.map((name) => {
    const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
    const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, "").trim()}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

/** Says what a first load costs, and fails when scripts and styles outgrow their budget. */
function report() {
  const kb = (file) => gzipSync(readFileSync(join(OUT, file)), { level: 9 }).length / 1024;
  const sizes = Object.fromEntries(["app.js", "app.css", "charts.js"].map((file) => [file, kb(file)]));
  const font = readFileSync(join(OUT, "inter-latin-wght-normal.woff2")).length / 1024;
  const first = sizes["app.js"] + sizes["app.css"];
  const show = (value) => value.toFixed(1) + " KB";
  console.log(
    `${basename(OUT)}: app.js ${show(sizes["app.js"])} + app.css ${show(sizes["app.css"])} = ${show(first)} gz` +
      ` (${show(first + font)} with the font), charts.js ${show(sizes["charts.js"])} gz`,
  );
  if (first > LIMIT_KB) throw new Error(`app.js + app.css are ${show(first)} compressed; the budget is ${LIMIT_KB} KB`);
}
