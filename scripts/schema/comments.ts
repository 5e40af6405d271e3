/** The documentation of the config's keys: the comments in components/config, as an editor shows them to a caller of `Lab`. */
import * as path from "node:path";
import * as ts from "typescript";

/** The part of a JSON Schema that is walked here. */
export interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
}

const ROOT = path.resolve(__dirname, "../..");

/**
 * Adds the comment of each key as its description, at any depth.
 * @param root the JSON Schema of `RawConfig`, which is changed.
 * @throws {Error} naming the keys that have no comment.
 */
export function describeKeys(root: JsonSchema): void {
  const { checker, type } = loadType("components/config/index.ts", "RawConfig");
  const missing: string[] = [];
  const visit = (schema: JsonSchema, types: readonly ts.Type[], at: string): void => {
    for (const variant of schema.anyOf ?? []) visit(variant, types, at);
    if (schema.items) visit(schema.items, elementsOf(types, checker), `${at}[]`);
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      const keyAt = at === "" ? key : `${at}.${key}`;
      const symbol = propertyOf(types, key, checker);
      const comment = symbol && ts.displayPartsToString(symbol.getDocumentationComment(checker));
      if (!symbol || !comment) missing.push(keyAt);
      else {
        value.description = comment.replace(/\s+/g, " ");
        visit(value, variantsOf(checker.getTypeOfSymbol(symbol)), keyAt);
      }
    }
  };
  visit(root, variantsOf(type), "");
  if (missing.length > 0)
    throw new Error(`keys without a comment in components/config: ${missing.join(", ")}`);
}

function loadType(file: string, name: string): { checker: ts.TypeChecker; type: ts.Type } {
  const { config } = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const program = ts.createProgram([path.join(ROOT, file)], { ...options, types: [] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path.join(ROOT, file));
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((one) => one.name === name);
  if (!symbol) throw new Error(`${file} does not export ${name}`);
  return { checker, type: checker.getDeclaredTypeOfSymbol(symbol) };
}

const variantsOf = (type: ts.Type): ts.Type[] => (type.isUnion() ? type.types : [type]);

const elementsOf = (types: readonly ts.Type[], checker: ts.TypeChecker): ts.Type[] =>
  types
    .filter((type) => checker.isArrayType(type))
    .flatMap((type) => variantsOf(checker.getTypeArguments(type as ts.TypeReference)[0] as ts.Type));

const propertyOf = (types: readonly ts.Type[], key: string, checker: ts.TypeChecker): ts.Symbol | undefined =>
  types
    .filter((type) => type.flags & ts.TypeFlags.Object)
    .map((type) => checker.getPropertyOfType(type, key))
    .find((symbol) => symbol !== undefined);
