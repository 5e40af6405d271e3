// node build.cjs: makes the bundles that are missing, and the compiled code of both for this version of Node. A process of
// its own: esbuild works asynchronously, and those who need the bundle load code synchronously.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { ROOT, FOLDERS, bundleFolders, sources } = require("./inputs.cjs");
const { compiledOf, keepCompiled } = require("./compile.cjs");

/** The npm packages in the bundle. SDKs of clouds are not: only the chosen one is loaded, and they are huge. */
const BUNDLED = [
  "@pulumi/pulumi",
  "@pulumi/pulumi/automation",
  "@pulumi/pulumi/cmd/dynamic-provider",
  "@pulumi/pulumi/cmd/run",
  "@pulumi/pulumi/cmd/run/run",
  "@pulumi/pulumi/runtime",
  "commander",
  "ipaddr.js",
  "source-map-support",
  "yaml",
  "zod",
];

/**
 * Pulumi loads these at its start, but needs them only to serialise functions, which this project does not do. They are
 * two thirds of its time to load: load them when they are first used.
 */
const LATE = /^(typescript|@npmcli\/arborist)$/;

const late = (name) => `let real;
module.exports = new Proxy({}, {
  // For TypeScript's helpers, which would copy every property of a module that is not called an ES module.
  get: (_, key) => key === "__esModule" || (real ??= require(${JSON.stringify(name)}))[key],
});`;

/** Connects Node's debugger at each start, to serialise functions. Code compiled by V8 for a debugger is slower. */
const HOOKS = "@pulumi/pulumi/runtime/closure/v8Hooks";
const withoutHooks = `module.exports = {
  isInitializedAsync: async () => {},
  getSessionAsync: () => require("${HOOKS}").getSessionAsync(),
  getScriptUrl: (id) => require("${HOOKS}").getScriptUrl(id),
};`;

/** One entry: a function for each name that loads what it stands for. */
const entryOf = (names, pathOf) =>
  `module.exports = {${names.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(pathOf(name))})`).join(",\n")}};`;

/** Gives each file its own `__dirname` in the checkout, and leaves out what would only take time. */
const plugin = {
  name: "encaplab",
  setup(build) {
    build.onResolve({ filter: LATE }, ({ path: name, namespace }) =>
      namespace === "late" ? { external: true } : { path: name, namespace: "late" },
    );
    build.onLoad({ filter: /.*/, namespace: "late" }, ({ path: name }) => ({ contents: late(name) }));
    build.onResolve({ filter: /closure\/v8Hooks$/ }, ({ importer }) =>
      importer === "hooks" ? { external: true } : undefined,
    );
    build.onLoad({ filter: /\.(c?js|ts)$/ }, ({ path: file }) => {
      const name = path.relative(ROOT, file);
      if (name.endsWith(`${HOOKS}.js`)) return { contents: withoutHooks, resolveDir: ROOT };
      // scripts/bundle/stack-traces.cjs maps stack traces.
      if (name.endsWith("source-map-support/register.js")) return { contents: "" };
      const text = fs.readFileSync(file, "utf8");
      const own = !name.startsWith("node_modules/");
      const paths = /\b__(dir|file)name\b/.test(text)
        ? `const __filename = __checkout + ${JSON.stringify(`/${name}`)}, __dirname = __checkout + ${JSON.stringify(`/${path.dirname(name)}`)};`
        : "";
      const [, first = "", rest = ""] = /^(#!.*\n|"use strict";)?([\s\S]*)$/.exec(text);
      return { contents: first + paths + rest, loader: own ? "ts" : "js" };
    });
  },
};

async function bundle(folder, contents, options) {
  const esbuild = require("esbuild");
  const work = `${folder}.work.${process.pid}`;
  fs.mkdirSync(work, { recursive: true });
  try {
    await esbuild.build({
      stdin: { contents, resolveDir: ROOT, sourcefile: "entry.js" },
      outfile: path.join(work, "code.js"),
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      // The worktree of a developer may link to packages elsewhere: their names must not depend on that.
      preserveSymlinks: true,
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: "none",
      logLevel: "error",
      plugins: [plugin],
      ...options,
    });
    if (options.sourcemap) nameSources(path.join(work, "code.js.map"));
    // Of two runs at once, the second finds the folder of the first, and both are equal.
    try {
      fs.renameSync(work, folder);
    } catch (error) {
      if (!fs.existsSync(folder)) throw error;
    }
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** esbuild names sources from the folder of the bundle; stack-traces.cjs wants them from the checkout. */
function nameSources(file) {
  const map = JSON.parse(fs.readFileSync(file, "utf8"));
  const named = (source) => path.relative(ROOT, path.resolve(path.dirname(file), source));
  fs.writeFileSync(file, JSON.stringify({ ...map, sources: map.sources.map(named) }));
}

/** All sources: a state names some of them. Not this one, which adds to `module.exports` and so is no ES module. */
const entries = () =>
  ["index.ts", ...FOLDERS.flatMap(sources)].filter((file) => file !== "components/index.ts");

/** What a lab on this machine loads. Not index.ts: a user's own program there begins to build labs when it is loaded. */
const WARM =
  /^(components\/(lab|providers|(infrastructure\/twin|study|plan|config)\/.*)|scripts\/cli\/.*)\.ts$/;

/** Loads all that a lab on this machine loads, and keeps what V8 has compiled of that. */
async function warm() {
  const { openBundles } = require("./index.cjs");
  const { packages, program, offerPulumi } = openBundles(bundleFolders());
  offerPulumi();
  // Both begin to work when they are loaded, and would end this process: they miss the address of an engine.
  const { exit } = process;
  process.exit = () => {};
  console.error = () => {};
  try {
    packages.load("@pulumi/pulumi/cmd/dynamic-provider");
    packages.load("@pulumi/pulumi/cmd/run/run");
    // The command line's index.ts begins to work, too.
    for (const name of entries()) if (WARM.test(name) && name !== "scripts/cli/index.ts") program.load(name);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { folder, running } of [packages, program]) keepCompiled(folder, running.script);
  } catch {
    // What was loaded keeps this process alive, and the command that waits for it would hang.
    exit.call(process, 1);
  }
  exit.call(process, 0);
}

/** Removes old bundles of the same kind. */
function prune(folder) {
  const script =
    'source "$0/scripts/engine/progress.sh" && source "$0/scripts/containers/cache.sh" && prune "$1"';
  spawnSync("bash", ["-c", script, ROOT, folder], { stdio: ["ignore", "ignore", "inherit"] });
}

async function main() {
  if (process.argv[2] === "warm") return warm();
  const { packages, program } = bundleFolders();
  if (!fs.existsSync(packages)) {
    await bundle(
      packages,
      entryOf(BUNDLED, (name) => name),
      { external: ["node-gyp"] },
    );
  }
  if (!fs.existsSync(program)) {
    const options = { packages: "external", sourcemap: "external", sourcesContent: false, keepNames: true };
    await bundle(
      program,
      entryOf(entries(), (name) => `./${name}`),
      options,
    );
  }
  const made = [packages, program].filter((folder) => !fs.existsSync(compiledOf(folder)));
  if (made.length === 0) return;
  const { status } = spawnSync(process.execPath, [__filename, "warm"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  process.exitCode = status ?? 1;
  for (const folder of made) prune(folder);
}

void main();
