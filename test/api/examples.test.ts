/** The examples in the docstrings: each compiles as a program that imports the package by its name. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import * as ts from "typescript";

const ROOT = resolve(__dirname, "../..");
const INDEX = join(ROOT, "components/index.ts");

/** The examples of a file's docstrings: the blocks marked `ts` below `@example`. */
function examplesOf(file: string): string[] {
  const comments = readFileSync(file, "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments
    .map((comment) => comment.replace(/^\s*\* ?/gm, ""))
    .flatMap((comment) => comment.split(/^@(?=\w)/m).filter((part) => part.startsWith("example")))
    .flatMap((part) => [...part.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code));
}

/** Every example, by the path of a file beside this one in which it would be. */
function allExamples(): Map<string, string> {
  const files = readdirSync(join(ROOT, "components"), { recursive: true, encoding: "utf8" });
  const examples = files
    .filter((file) => file.endsWith(".ts"))
    .sort()
    .flatMap((file) =>
      examplesOf(join(ROOT, "components", file)).map((code, i): [string, string] => [
        join(__dirname, `${file.replace(/\W/g, "-")}-${i + 1}.ts`),
        code,
      ]),
    );
  return new Map(examples);
}

describe("the examples of the public API", function () {
  this.timeout(120_000);
  const examples = allExamples();
  let program: ts.Program;

  before(() => {
    const read = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, ROOT);
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile } = host;
    host.fileExists = (file) => examples.has(file) || fileExists(file);
    host.readFile = (file) => examples.get(file) ?? readFile(file);
    const paths = { encaplab: [INDEX] };
    program = ts.createProgram([INDEX, ...examples.keys()], { ...options, baseUrl: ROOT, paths }, host);
  });

  for (const file of examples.keys()) {
    it(`has an example that compiles: ${relative(__dirname, file)}`, () => {
      const source = program.getSourceFile(file);
      assert.ok(source && /from "encaplab"/.test(source.text), "it imports the package");
      const problems = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      assert.deepEqual(
        problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
        [],
      );
    });
  }

  it("has an example for every class and function that the index exports", () => {
    const checker = program.getTypeChecker();
    const index = checker.getSymbolAtLocation(program.getSourceFile(INDEX) as ts.SourceFile) as ts.Symbol;
    const missing = checker.getExportsOfModule(index).filter((symbol) => {
      const declared = declarationOf(checker, symbol);
      return (
        declared !== undefined && !ts.getJSDocTags(declared).some(({ tagName }) => tagName.text === "example")
      );
    });
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
  });
});

/** Where a class or function that the index exports is written. Undefined for a type, or a list. */
function declarationOf(checker: ts.TypeChecker, exported: ts.Symbol): ts.Declaration | undefined {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const own = symbol.valueDeclaration;
  if (!own) return undefined;
  // A name that is loaded late is declared as a constant with the type of the class.
  const declared = checker.getTypeOfSymbolAtLocation(symbol, own).symbol?.valueDeclaration ?? own;
  // A function that is written as a constant has its comment at the constant.
  const written = ts.isArrowFunction(declared) ? own : declared;
  const isPublic = ts.isClassDeclaration(declared) || ts.isFunctionLike(declared);
  return isPublic ? written : undefined;
}
