/** Node scripts that are killed at many moments: run again, they continue, and a reset leaves the machines as they were. */
import assert from "node:assert/strict";
import { needsContainers } from "./containers";
import { type Cut, NodeSteps, POD_CIDR, values } from "./node-steps";

/** Command lines that run one after the other: the moments to kill at. */
const MOMENTS = {
  prepare: ["bash -s -- create", "containerd config", "systemctl restart containerd"],
  init: ["kubeadm init", "etcd --advertise", "kube-apiserver --advertise", "delete secrets"],
  join: ["kubeadm join", "kubelet --bootstrap-kubeconfig"],
  reset: ["kubeadm reset", "ctr --namespace", "systemctl daemon-reload"],
};
// The steps of a second worker are not killed, and would only cost time.
const PAIR = ["cp1", "w1"];

/** The tests, one for each way to kill. */
export function killTheSteps(...cuts: Cut[]): void {
  describe("node scripts that are killed on real machines", function () {
    this.timeout(1_200_000);
    let steps: NodeSteps;

    before(async function () {
      needsContainers(this);
      steps = await NodeSteps.booted();
    });
    after(() => steps?.lab.remove());

    for (const cut of cuts) {
      it(`continue when they are run again after a kill of ${cut}`, async () => {
        const kill = async (node: string, step: keyof typeof MOMENTS, given = {}, action = "create") => {
          const reached: string[] = [];
          for (const at of MOMENTS[step])
            if ((await steps.take(node, step, given, action, { at, cut })).reached) reached.push(at);
          assert.notDeepEqual(reached, [], `${step} came to none of its moments`);
        };
        await kill("cp1", "prepare", values.prepare("cp1"));
        await Promise.all(PAIR.map(steps.prepare));
        await kill("cp1", "init", values.init);
        await steps.init();
        await steps.token();
        await kill("w1", "join", values.join("w1", steps.hash));
        await steps.join("w1");
        assert.deepEqual(steps.nodes(), ["node/cp1", "node/w1"]);
        assert.match((await steps.init()).stderr, /already/);
        await kill("w1", "reset", { POD_CIDR }, "delete");
        await Promise.all(PAIR.map(steps.reset));
        for (const name of PAIR) assert.deepEqual(steps.lab.changes(name), [], name);
      });
    }
  });
}
