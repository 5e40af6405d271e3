// Ends this process when its parent is gone. A killed engine cannot end its plug-ins: an orphan would wait for calls
// forever, or go on building what the next `up` builds, too. Must be loaded before anything else: an engine that is killed
// while its plug-in still loads Pulumi leaves one that is never called.
const net = require("node:net");

/** The engine's address, which each of its plug-ins gets: `127.0.0.1:1234`, `--engine 127.0.0.1:1234` or `--engine=…`. */
const engine = process.argv
  .map((word) => word.replace(/^--(engine|monitor)=/, ""))
  .find((word) => /^127\.0\.0\.1:\d+$/.test(word));

// Asked only once the event loop runs, so after loading: it is enough to know the parent of now.
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(1), 200).unref();

// The parent may have been gone before: then `parent` is the system's first process, which never ends. (It may also be the
// engine, in a container.) But then nothing answers at the engine's address.
if (engine) {
  const [host, port] = engine.split(":");
  const connection = net.connect({ host, port: Number(port) });
  connection.once("connect", () => connection.destroy());
  connection.once("error", ({ code }) => code !== "ECONNREFUSED" || process.exit(1));
  connection.unref();
}
