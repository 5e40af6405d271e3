/** The releases of Kubernetes and Calico, and which is assumed where the input names only one of them. */
import { CALICO_RELEASES, isTested, minorOf } from "../../plan";
import type { SetKey } from "./entry";
import type { Facts } from "./facts";
import { showSource } from "./source";

/** A release as the config takes it: without what vendors append (`v1.30.4-eks-…`). */
const release = (text: string): string | undefined => /^v?(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)/.exec(text)?.[1];

/** The Calico whose nodes may have routes from Felix where earlier ones have them from BIRD (see {@link CALICO_RELEASES}). */
const ROUTES_BY_FELIX = "3.33";

/** Sets both versions as far as they are known, and one that goes with the other where only that one is. */
export function versions(facts: Facts, set: SetKey, assumptions: string[]): void {
  const kubernetesFact = facts.nodes.find((one) => one.version)?.version ?? facts.settings.kubernetes;
  const calicoFact = facts.settings.calico;
  const kubernetes = kubernetesFact && release(kubernetesFact.value);
  const calico = calicoFact && release(calicoFact.value);
  if (kubernetes && kubernetesFact) set("kubernetesVersion", kubernetes, showSource(kubernetesFact.source));
  if (calico && calicoFact) set("calicoVersion", calico, showSource(calicoFact.source));
  if (calico && minorOf(calico) === ROUTES_BY_FELIX)
    assumptions.push(
      `in Calico ${ROUTES_BY_FELIX} Felix may program the routes of IPIP, and closed TCP 179 then breaks nothing: the verdict is for BIRD`,
    );
  if (!kubernetes && !calico) return;
  const known = kubernetes ? `Kubernetes ${kubernetes}` : `Calico ${calico}`;
  const [newestCalico, newestKubernetes] = newestTested(calico, kubernetes);
  if (!newestCalico || !newestKubernetes) {
    const why = kubernetes && calico ? "These two releases are not" : `${known} is not`;
    set("allowUnsupported", true, `${why} on Calico's list of tested ones`);
    return;
  }
  const assume = (key: "calicoVersion" | "kubernetesVersion", name: string, value: string) => {
    const why = `the newest that was tested with ${known}`;
    set(key, value, `assumed: ${why}`);
    assumptions.push(`nothing says the version of ${name}: assumed ${value}, ${why}`);
  };
  if (!calico) assume("calicoVersion", "Calico", newestCalico);
  if (!kubernetes) assume("kubernetesVersion", "Kubernetes", newestKubernetes);
}

/** The newest minor releases that were tested with each other, of these two if they are known; nothing if there are none. */
function newestTested(calico: string | undefined, kubernetes: string | undefined): [string?, string?] {
  const newest = Object.keys(CALICO_RELEASES).findLast(
    (minor) => (!calico || minor === minorOf(calico)) && (!kubernetes || isTested(minor, kubernetes)),
  );
  return newest ? [newest, kubernetes ?? CALICO_RELEASES[newest]?.kubernetes.at(-1)] : [];
}
