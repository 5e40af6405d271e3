// The end of a BIRD's sessions, asked for at its socket, with a server that is as forgetful as BIRD is.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { REPOSITORY } from "../../support/repository";

const execute = promisify(execFile);

describe("the sessions of a node's BIRD", () => {
  let folder: string;
  let server: net.Server;
  const restarted: string[] = [];

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-bird-"));
    restarted.length = 0;
    server = net.createServer({ allowHalfOpen: true }, (client) => {
      let hasLeft = false;
      client.on("end", () => {
        hasLeft = true;
        client.end();
      });
      client.on("error", () => {});
      client.write("0001 BIRD 1.6.8 ready.\n");
      client.on("data", (data) =>
        // It does what it was asked for in its next round, and only for a client that is still there.
        setTimeout(() => {
          if (hasLeft) return;
          restarted.push(`${data}`.trim());
          client.write("0015-Mesh_10_0_3_11: restarted\n Mesh_10_0_4_10: restarted\n0000 \n");
        }, 300),
      );
    });
    await new Promise<void>((resolve) => server.listen(path.join(folder, "bird.ctl"), resolve));
  });
  afterEach(() => {
    server.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const restart = (socket: string) =>
    execute(
      "bash",
      ["-c", `set -Eeuo pipefail; source scripts/containers/network.sh; restart_sessions "$0"`, socket],
      {
        cwd: REPOSITORY,
      },
    );

  it("end also where BIRD is busy when it is asked, and the lab goes on as soon as it has answered", async () => {
    await restart(path.join(folder, "bird.ctl"));
    assert.deepEqual(restarted, ["restart all"]);
  });

  it("are none where no BIRD listens, which is no failure", async () => {
    await restart(path.join(folder, "none.ctl"));
    assert.deepEqual(restarted, []);
  });
});
