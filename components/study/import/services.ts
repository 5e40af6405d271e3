/** The range of the Services. */
import { overlap, parseCidr } from "../../plan";
import type { SetKey } from "./entry";
import type { Facts } from "./facts";
import { showSource } from "./source";

/** Ranges for Services, if those of the cluster are not known or not free. */
const SERVICES = [
  "10.96.0.0/12",
  "10.96.0.0/16",
  "172.30.0.0/16",
  "192.168.240.0/20",
  "198.18.0.0/16",
  "10.254.0.0/16",
];

/** Sets `serviceCidr`: the range of the cluster if the lab can have it. @param taken ranges of nodes and pods. */
export function services(facts: Facts, taken: readonly string[], set: SetKey, assumptions: string[]): void {
  const told = facts.settings.serviceCidr;
  const isFree = (cidr: string) => !taken.some((other) => overlap(parseCidr(cidr), parseCidr(other)));
  const fits = (cidr: string) => parseCidr(cidr).prefix >= 12 && parseCidr(cidr).prefix <= 28;
  if (told && isFree(told.value) && fits(told.value)) {
    set("serviceCidr", told.value, showSource(told.source));
    return;
  }
  const free = SERVICES.find(isFree) ?? (SERVICES[0] as string);
  if (told) {
    facts.notExpressed.push({
      what: `the Services' range ${told.value} ${fits(told.value) ? "overlaps nodes or pods" : "has a prefix that the lab cannot have"}: the lab has ${free}`,
      source: told.source,
    });
  } else assumptions.push(`nothing says the range of the Services: assumed ${free}`);
  set("serviceCidr", free, "assumed");
}
