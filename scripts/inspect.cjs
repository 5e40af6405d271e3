// Pulumi prints an uncaught error with a coloured `util.inspect`, and its source maps name files directly below a scope
// (`node_modules/@pulumi/resource.ts`). For such a line, Node 20.19.6 and later fills memory for minutes until a string is
// too long (nodejs/node#64011): a preview with a wrong password took 4 GB and four minutes. Without colours, Node does not
// look for package names.
const util = require("node:util");

util.inspect = new Proxy(util.inspect, {
  apply: (inspect, self, [value, options, ...rest]) =>
    inspect.call(
      self,
      value,
      util.types.isNativeError(value) ? { ...options, colors: false } : options,
      ...rest,
    ),
});
