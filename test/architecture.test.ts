/** The architecture is a line of layers. These tests check every import against it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import * as ts from "typescript";

const ROOT = join(__dirname, "..");

/** A file may import from its own layer and from those before it. */
const LAYERS = ["config", "plan", "remote", "infrastructure", "cluster", "calico", "study", "program"];

interface Import {
  /** The importing file, relative to the checkout. */
  file: string;
  /** What it imports, e.g. `../plan`, `zod`. */
  name: string;
  /** The imported file, relative to the checkout; undefined for a package. */
  target?: string;
  /** Whether it is loaded together with the importing file: not only types, and not by `import()` or `require()`. */
  eager: boolean;
}

const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const FILES = [...sources("components"), ...sources("scripts"), "index.ts"];

const parse = (file: string) =>
  ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.ES2022, true);

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const add = (name: string, eager: boolean) =>
    found.push({ file, name, eager, target: name.startsWith(".") ? resolve(file, name) : undefined });
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, !node.importClause?.isTypeOnly);
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node.moduleSpecifier.text, !node.isTypeOnly);
    } else if (
      ts.isCallExpression(node) &&
      loadsModule(node) &&
      node.arguments[0] &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      add(node.arguments[0].text, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return found;
}

/** `import(…)`, `require(…)`, `require.resolve(…)`. */
function loadsModule({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || /^require(\.resolve)?$/.test(expression.getText())
  );
}

function resolve(file: string, name: string): string {
  const path = join(dirname(file), name);
  const candidates = [`${path}.ts`, join(path, "index.ts"), path];
  return candidates.find((candidate) => existsSync(join(ROOT, candidate))) ?? path;
}

/** Files directly in components/: the public API, the lab, and what a state loads use every layer. */
const TOP = ["index.ts", "lab.ts", "providers.ts"];

function layerOf(file: string): string {
  const [top, second = ""] = file.split(sep);
  if (top !== "components" || TOP.includes(second)) return "program";
  return ["only-here.ts", "scripts.ts", "unreachable.ts"].includes(second) ? "remote" : second;
}

/** Small public APIs inside a room, apart from its index.ts so that they load less. */
const APART = ["remote/dynamic", "cluster/steps", "cluster/check"].map((name) =>
  join("components", name, "index.ts"),
);

/** What a state loads: the package's list of providers and, for states of version 0.1, files with fixed paths. */
const loadedByStates = (file: string) =>
  file === join("components", "providers.ts") || /(^|\/)parts?\.ts$/.test(file);

const IMPORTS = FILES.flatMap(importsOf);
const show = ({ file, name }: Import) => `${file} imports ${name}`;
const inFolder = (file: string, folder: string) => file.startsWith(folder + sep);

/** The circles that imports make, each as the files in it: what reaches itself, and what it reaches that reaches it. */
function circlesIn(imports: readonly Import[]): string[][] {
  const targets = new Map<string, (string | undefined)[]>();
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target]);
  const reached = new Map<string, Set<string>>();
  for (const file of targets.keys()) {
    const found = new Set<string>();
    const open = [file];
    for (let next = open.pop(); next; next = open.pop())
      for (const target of targets.get(next) ?? [])
        if (target && !found.has(target)) {
          found.add(target);
          open.push(target);
        }
    reached.set(file, found);
  }
  const inCircle = [...reached].filter(([file, found]) => found.has(file));
  const circles = inCircle.map(([file, found]) =>
    [...found].filter((other) => reached.get(other)?.has(file)).sort(),
  );
  return [...new Map(circles.map((circle) => [circle.join(" "), circle])).values()];
}

describe("the architecture", () => {
  it("has a layer for every file, and these tests find the imports", () => {
    for (const file of FILES) assert.ok(LAYERS.includes(layerOf(file)), `${file} is in no layer of the line`);
    assert.ok(IMPORTS.some(({ target }) => target === join("components", "config", "index.ts")));
  });

  it(`imports in one direction only: ${LAYERS.join(", ")}`, () => {
    const against = IMPORTS.filter(
      ({ file, target }) =>
        target && !loadedByStates(file) && LAYERS.indexOf(layerOf(target)) > LAYERS.indexOf(layerOf(file)),
    );
    assert.deepEqual(against.map(show), []);
  });

  it("imports only the index.ts of a folder from outside that folder", () => {
    const around = IMPORTS.filter(({ file, target }) => {
      if (!target || !inFolder(target, "components") || dirname(target) === "components") return false;
      if (loadedByStates(file)) return false;
      return !inFolder(file, dirname(target)) && basename(target) !== "index.ts";
    });
    assert.deepEqual(around.map(show), []);
  });

  it("has no circle of files that import each other, and one for types alone only in the plan, whose parts know the whole", () => {
    assert.deepEqual(circlesIn(IMPORTS.filter(({ eager }) => eager)), []);
    const others = IMPORTS.filter(({ file }) => layerOf(file) !== "plan");
    assert.deepEqual(circlesIn(others), []);
  });

  it("keeps the config and the plan pure: no Pulumi, no files, no processes, no network", () => {
    const allowed = ["zod", "ipaddr.js", "node:crypto"];
    const impure = IMPORTS.filter(
      ({ file, target, name }) =>
        ["config", "plan"].includes(layerOf(file)) && !target && !allowed.includes(name),
    );
    assert.deepEqual(impure.map(show), []);
  });

  it("reads the stack's config in one place only: nothing under components/ asks Pulumi for it", () => {
    const readers = FILES.filter((file) => inFolder(file, "components")).filter((file) => {
      let reads = false;
      const visit = (node: ts.Node): void => {
        if (
          ts.isPropertyAccessExpression(node) &&
          /^(pulumi\.Config|.*\.(allConfig|getConfig))$/.test(node.getText())
        )
          reads = true;
        if (
          ts.isImportSpecifier(node) &&
          /^(Config|allConfig|getConfig)$/.test((node.propertyName ?? node.name).text)
        )
          reads = true;
        ts.forEachChild(node, visit);
      };
      visit(parse(file));
      return reads;
    });
    assert.deepEqual(readers, []);
  });

  it("imports the Command SDK only in the cluster, the Kubernetes SDK only in Calico, and neither for a twin", () => {
    const homes = { "@pulumi/command": "cluster", "@pulumi/kubernetes": "calico" };
    for (const [sdk, layer] of Object.entries(homes)) {
      const users = IMPORTS.filter(({ name }) => name.startsWith(sdk));
      assert.ok(users.length > 0);
      // Calico imports a type of the Command SDK.
      const strays = users.filter(({ file, eager }) => eager && layerOf(file) !== layer);
      assert.deepEqual(strays.map(show), []);
    }
    const early = IMPORTS.filter(
      ({ file, target, eager }) =>
        eager &&
        target &&
        !APART.includes(target) &&
        layerOf(file) === "program" &&
        ["cluster", "calico"].includes(layerOf(target)),
    );
    assert.deepEqual(early.map(show), []);
  });

  it("imports a cloud's SDK only in that cloud's folder, and loads no cloud before it is chosen", () => {
    for (const cloud of ["aws", "openstack"]) {
      const folder = join("components", "infrastructure", cloud);
      const strays = IMPORTS.filter(
        ({ file, name }) => name.startsWith(`@pulumi/${cloud}`) && !inFolder(file, folder),
      );
      const early = IMPORTS.filter(
        ({ file, target, eager }) => eager && target && inFolder(target, folder) && !inFolder(file, folder),
      );
      assert.deepEqual([...strays, ...early].map(show), []);
    }
  });
});

describe("the tests", () => {
  const isTest = (file: string) => /\.(test|twin|matrix|cluster|bench)\.ts$/.test(file);
  const inSupport = (file: string) => inFolder(file, join("test", "support"));
  const files = sources("test");
  const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");

  it("have all their helpers in test/support, and no test there", () => {
    const misplaced = files.filter((file) => isTest(file) === inSupport(file));
    assert.deepEqual(misplaced, []);
  });

  it("export nothing for other files, which would be a helper", () => {
    // The text of a program that a test writes may have exports of its own.
    const exports = (node: ts.Node) =>
      ts.isExportDeclaration(node) ||
      ts.isExportAssignment(node) ||
      (ts.canHaveModifiers(node) &&
        ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword));
    const exporting = files.filter((file) => isTest(file) && parse(file).statements.some(exports));
    assert.deepEqual(exporting, []);
  });

  it("have no helper file of more than 250 lines", () => {
    const long = files.filter((file) => inSupport(file) && textOf(file).split("\n").length > 251);
    assert.deepEqual(long, []);
  });
});
