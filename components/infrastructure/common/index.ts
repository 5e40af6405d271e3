/** Public API of what several clouds share. It loads no cloud's SDK. */
export { findAccess } from "./access";
export { announceCost, Cloud, type CloudArgs, type Foundation } from "./cloud";
export { cloudInit } from "./cloud-init";
export { type CostEstimate, estimateCost } from "./cost";
export { apiOf } from "./endpoint";
export { type GroupApart, groupsOf, type IngressRule, planIngress, rulesApart } from "./ingress";
export { createLogin, KeyPair, type Login, sshCommand } from "./key";
export type { Leftover } from "./leftovers";
export { besideComponent, type Scope, scopeOf } from "./scope";
export { type LabTags, PROJECT_TAG } from "./tags";
