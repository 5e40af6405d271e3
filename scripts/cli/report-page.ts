/** Makes the report's page, one HTML file that needs nothing else, and the page of `lab ui`. */
import { createHash } from "node:crypto";
import * as path from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { encapsulationText } from "../../components/plan";
import { formatMarkdown, type Report } from "../../components/study/report";
import { typed } from "./invocation";
import { ownVersion } from "./own-version";

const PAGE = path.resolve(__dirname, "../report/page");

/**
 * The page runs the verdict's own code, so that a reader can trace every packet. It parses no config and makes no
 * plan, so these two are left out: zod alone would be larger than the rest.
 */
const UNUSED: Plugin = {
  name: "unused",
  setup(build) {
    build.onResolve({ filter: /^(zod|node:crypto)$/ }, ({ path: name }) => ({
      path: name,
      namespace: "unused",
    }));
    // Schemas are made when a file is loaded, by chains of calls: each answers with the same stand-in.
    build.onLoad({ filter: /.*/, namespace: "unused" }, () => ({
      contents:
        "const any = new Proxy(function () {}, { get: () => any, apply: () => any }); export { any as z, any as createHash };",
    }));
  },
};

const OPTIONS: BuildOptions = {
  outdir: PAGE,
  bundle: true,
  write: false,
  minify: true,
  format: "iife",
  target: ["chrome109", "firefox115", "safari16"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  charset: "utf8",
  logLevel: "error",
  preserveSymlinks: true,
  plugins: [UNUSED],
};

/** What a page is made of. */
interface Parts {
  title: string;
  /** What stands in it before its script runs, as HTML. */
  body: string;
  script: string;
  style: string;
}

/** The page of a report. */
export async function pageOf(report: Report): Promise<string> {
  const title = `${report.stack}: ${encapsulationText(report.plan)} · encaplab`;
  const body = `<noscript><p>This browser runs no scripts, so here is the report as text.</p><pre>${inHtml(formatMarkdown(report))}</pre></noscript>
<script type="application/json" id="report">${JSON.stringify(report).replaceAll("<", "\\u003c")}</script>`;
  const { html } = pageWith({ title, body, ...(await bundled("index.tsx")) }, report.version, true);
  return html;
}

/** The page of `lab ui`: the same, and what follows the lab. Its policy is for the server's answer. */
export async function livePage(stack: string): Promise<{ html: string; policy: string }> {
  const body = `<noscript><p>This browser runs no scripts: \`${inHtml(typed("report"))}\` writes the same as text.</p></noscript>`;
  const parts = { title: `${stack} · encaplab`, body, ...(await bundled("live.tsx")) };
  return pageWith(parts, ownVersion(), false);
}

async function bundled(entry: string): Promise<Pick<Parts, "script" | "style">> {
  const { build } = require("esbuild") as typeof import("esbuild");
  const { outputFiles = [] } = await build({ ...OPTIONS, entryPoints: [path.join(PAGE, entry)] });
  const textOf = (ending: string) => outputFiles.find(({ path: name }) => name.endsWith(ending))?.text ?? "";
  return { script: textOf(".js"), style: textOf(".css") };
}

/**
 * The policy names the one script by its hash and allows no connection at all, so that no reader needs to trust the page:
 * neither its own code nor a text from a lab can send anything anywhere.
 * @param isFile a file has to name its policy itself.
 */
function pageWith({ title, body, script, style }: Parts, version: string, isFile: boolean) {
  const code = script.replaceAll("</script", "<\\/script");
  const hash = createHash("sha256").update(code).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const named = isFile ? `<meta http-equiv="Content-Security-Policy" content="${policy}">\n` : "";
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${named}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="encaplab ${inHtml(version)}">
<title>${inHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
${body}
<script>${code}</script>
</body>
</html>
`;
  return { html, policy };
}

const inHtml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
