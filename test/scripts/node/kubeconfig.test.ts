// kubeconfig.sh: the file survives another address of the machine.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { parse } from "yaml";
import { source } from "../../support/node-sandbox";

describe("kubeconfig.sh", () => {
  it("checks the API server's certificate for a name that it has whatever the machine's address is", () => {
    const env = { ...process.env, SERVER: "https://198.51.100.7:6443", CLUSTER_NAME: "lab" };
    const text = execFileSync("bash", ["-c", `${source("kubeconfig")}\ntemplate`], { env, encoding: "utf8" });
    const [{ cluster }] = parse(text.replace(/{{.*}}/g, "x")).clusters;
    assert.equal(cluster["tls-server-name"], "kubernetes");
    assert.equal(cluster.server, "https://198.51.100.7:6443");
  });
});
